require('dotenv').config()
module.exports = {
  apps: [{ name: 'api', script: 'api.js', env: { DB_URL: process.env.DB_URL, PORT: process.env.PORT || 3000, MODE: process.env.MODE } }],
}
