module.exports = {
  apps: [
    { name: 'py', script: 'a.py', interpreter: '/srv/venv/bin/python', args: '-v' },
    { name: 'py-default', script: 'b.py' },
    { name: 'sh', script: './c.sh' },
    { name: 'rb', script: 'd.rb' },
    { name: 'pl', script: 'e.pl' },
    { name: 'deno', script: 'f.ts', interpreter: 'deno', interpreter_args: 'run --allow-net' },
    { name: 'command', command: 'g.js' },
    { name: 'cmd', cmd: 'h.js' },
    { name: 'exec', exec: 'i.js' },
  ],
}
