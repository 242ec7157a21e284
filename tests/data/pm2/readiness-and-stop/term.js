process.on('SIGTERM', () => process.exit(0))
if (process.env.NODE_APP_INSTANCE === '0') connect(process.env.DATABASE_URL, process.env['REDIS_URL'], process.env.HOME)
