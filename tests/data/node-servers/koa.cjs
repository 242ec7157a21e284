'use strict';
const Koa = require('koa');

const app = new Koa();
app.use(async (context) => {
  if (context.path === '/slow') await new Promise((done) => { setTimeout(done, 300); });
  context.set('X-Pid', String(process.pid));
  context.body = `${context.path.slice(1)}\n`;
});
const server = app.listen(process.env.PORT);
process.once('SIGTERM', () => server.close((error) => process.exit(error ? 1 : 7)));
