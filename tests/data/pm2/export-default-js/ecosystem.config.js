import { fileURLToPath } from 'url'
import path from 'path'
const here = path.dirname(fileURLToPath(import.meta.url))
export default { apps: [{ name: 'web', script: 'web.js', cwd: here }] }
