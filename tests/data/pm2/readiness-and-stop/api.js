if (process.send) process.send('ready')
