import { createServer } from 'node:http';
import app from '../../../bench/cluster/apps/node.cjs';

createServer(app.answer).listen({ port: Number(process.env.PORT), host: '0.0.0.0' });
