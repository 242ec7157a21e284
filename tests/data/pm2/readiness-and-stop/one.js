process.send('ready')
