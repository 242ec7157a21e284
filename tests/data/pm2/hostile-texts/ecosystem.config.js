module.exports = {
  apps: [
    {
      name: 'x\n# procman: ignore[PM501] y', script: 'a.js', args: ['${NOT_A_VARIABLE}', '$${x}', '\u202e', 'a\0b'.slice(0, 1)],
      env: { A: '${PATH}', B: 'line\nbreak', C: '\u2028\u0007', D: '- x', E: '!tag', F: '*alias', G: '%', H: 'a # b', I: '"', J: '\ud800', K: 'null', L: '0600', __proto__: 1 },
    },
  ],
}
