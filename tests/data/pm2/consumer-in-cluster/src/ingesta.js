import amqp from 'amqplib'
