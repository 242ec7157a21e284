import Fastify from 'fastify';

const pid = String(process.pid);
const app = Fastify();
app.addHook('onSend', async (_request, reply) => { reply.header('X-Pid', pid); });
app.get('/', async () => 'hello\n');
app.get('/slow', () => new Promise((done) => { setTimeout(done, 300, 'slow\n'); }));
process.on('SIGTERM', async () => { await app.close(); process.exit(7); });
await app.listen({ port: Number(process.env.PORT), host: '0.0.0.0' });
