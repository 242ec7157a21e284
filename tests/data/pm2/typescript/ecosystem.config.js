module.exports = {
  apps: [
    { name: 'ts-node', script: 'src/main.ts', interpreter: 'node', node_args: '-r ts-node/register' },
    { name: 'interpreter', script: 'src/main.ts', interpreter: './node_modules/.bin/ts-node' },
    { name: 'tsx', script: 'src/main.ts', interpreter: 'node', interpreterArgs: '--import tsx' },
    { name: 'bare', script: 'src/main.ts' },
  ],
}
