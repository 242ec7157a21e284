"""Which libraries and which words say that a program takes work from a queue, or that it serves requests."""

from __future__ import annotations

CONSUMERS = {
    **dict.fromkeys(("mqtt", "async-mqtt", "mqtt.js", "paho", "paho-mqtt", "aiomqtt", "gmqtt", "asyncio-mqtt"), "MQTT"),
    **dict.fromkeys(("amqplib", "amqp-connection-manager", "rascal", "rhea", "pika", "aio-pika", "kombu"), "AMQP"),
    **dict.fromkeys(("kafkajs", "node-rdkafka", "kafka", "kafka-python", "aiokafka", "confluent-kafka"), "Kafka"),
    **dict.fromkeys(
        ("bullmq", "bull", "bee-queue", "agenda", "celery", "rq", "dramatiq", "huey", "arq"), "a job queue"
    ),
    **dict.fromkeys(("nats", "nsqjs", "sqs-consumer", "stompit"), "a message queue"),
    **dict.fromkeys(("node-cron", "cron", "node-schedule", "croner", "apscheduler", "schedule"), "a schedule"),
    **dict.fromkeys(("telegraf", "node-telegram-bot-api", "grammy", "discord.js", "eris", "whatsapp-web.js"), "a bot"),
    **dict.fromkeys(("telegram", "python-telegram-bot", "discord", "discord.py", "aiogram"), "a bot"),
}
"""A library that takes messages, jobs or times, and what it takes."""

SERVERS = frozenset(
    {"express", "fastify", "koa", "@hapi/hapi", "restify", "@nestjs/core", "next", "nuxt", "polka", "hono"}
    | {"apollo-server", "@apollo/server", "socket.io", "micro"}
    | {"fastapi", "flask", "django", "starlette", "uvicorn", "gunicorn", "hypercorn", "aiohttp", "sanic", "tornado"}
)
"""A library that serves requests."""

CONSUMER_WORDS = frozenset(
    {"consumer", "consumers", "worker", "workers", "cron", "crons", "mqtt", "queue", "queues", "bot", "bots"}
    | {"amqp", "rabbit", "rabbitmq", "kafka", "subscriber", "scheduler", "ingest", "ingester", "ingestor", "ingestion"}
    | {"job", "jobs", "poller", "sqs", "nats"}
)
TAKES = (".subscribe(", ".consume(", "new Worker(", ".process(", "eachMessage", "eachBatch", ".on('message'")
TAKES_TOO = ('.on("message"', "on_message", "basic_consume(", ".schedule(", "new CronJob(", "new Cron(")
"""What a program does that takes work, not only sends it."""

CREATES = ("createServer(", "http.server", "socketserver")
"""What a program does that serves requests with nothing but its own language."""
