const fs = require('fs')
exports.config = ({ path }) => {
  const [name, value] = fs.readFileSync(path, 'utf8').trim().split('=')
  if (!(name in process.env)) process.env[name] = value
  return { parsed: { [name]: value } }
}
