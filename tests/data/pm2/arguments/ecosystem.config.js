module.exports = {
  apps: [
    { name: 'list', script: 'a.js', args: ['--name', 'two words', '--empty', '', '--n', 5, "it's"] },
    { name: 'text', script: 'a.js', args: '--name "two words" --key=\'x y\' --flag  last' },
    { name: 'number', script: 'a.js', args: '3' },
    { name: 'secret', script: 'a.js', args: ['--dollar', '${HOME}', '$5', 'a#b', 'c: d'] },
  ],
}
