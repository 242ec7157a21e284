module.exports = {
  apps: Array.from({ length: 3 }, (_, i) => ({ name: `shard-${i}`, script: 'shard.js', env: { SHARD: i } })),
}
