const http = require('http')
http.createServer((q, r) => r.end('ok')).listen(process.env.PORT || 3000)
