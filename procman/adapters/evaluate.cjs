'use strict'
// Evaluates an ecosystem file as PM2 would, and writes what it exports as JSON to the descriptor named in argv[2].
// Request on stdin: {file, env, module}. The file may print, patch or throw what it likes: the answer goes another way.

const fs = require('fs')
const Module = require('module')
const path = require('path')
const { pathToFileURL } = require('url')

const answerTo = Number(process.argv[2])
const request = JSON.parse(fs.readFileSync(0, 'utf8'))
const { stringify } = JSON
const { writeSync, existsSync, readFileSync } = fs
const exit = process.reallyExit.bind(process)
const MOST = 100000
const DEEPEST = 40

const read = new Set() // names of variables that the file asked for
const dotenv = [] // files that dotenv read, with the names in them
const notes = []

function answer (document) {
  const bytes = Buffer.from(stringify(document))
  for (let at = 0; at < bytes.length;) at += writeSync(answerTo, bytes, at)
  exit(0)
}

// --- the environment: what is asked for is written down ---

const values = { ...process.env, ...request.env }
function asked (name) {
  if (typeof name !== 'string') return
  const frames = String(new Error().stack).split('\n') // Error, this, the trap, and who asks: node itself does, too
  if (!/\bnode:|[ (]internal\//.test(frames[3] || '')) read.add(name)
}
const environment = new Proxy(values, {
  get (target, name) { asked(name); return target[name] },
  has (target, name) { asked(name); return name in target },
  ownKeys (target) { read.add('*'); return Reflect.ownKeys(target) },
  set (target, name, value) { target[name] = String(value); return true }
})
Object.defineProperty(process, 'env', { value: environment, configurable: true, enumerable: true, writable: true })
process.argv = [process.argv[0], request.file]
process.chdir(path.dirname(request.file))

// --- dotenv: the real one when it is installed, else one that reads NAME=value lines ---

function parsed (text) {
  const found = {}
  for (const line of text.toString().split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line)
    if (match) found[match[1]] = match[2].replace(/^(['"])(.*)\1$/, '$2')
  }
  return found
}

function noted (file) {
  const whole = path.resolve(file || '.env')
  const names = existsSync(whole) ? Object.keys(parsed(readFileSync(whole))) : []
  dotenv.push({ path: whole, names })
  return whole
}

const files = (options) => [].concat((options && options.path) || '.env')

const standIn = {
  parse: parsed,
  config (options) {
    const all = {}
    for (const file of files(options)) {
      if (existsSync(file)) Object.assign(all, parsed(readFileSync(file)))
    }
    for (const name of Object.keys(all)) if (!(name in values)) values[name] = all[name]
    return { parsed: all }
  }
}

const load = Module._load
Module._load = function (name, ...rest) {
  if (name !== 'dotenv' && name !== 'dotenv/config') return load.call(this, name, ...rest)
  let real = standIn
  try {
    real = load.call(this, name, ...rest)
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error
    notes.push('dotenv is not installed here: its file was read by a stand-in')
    if (name === 'dotenv/config') standIn.config()
  }
  if (name === 'dotenv/config') {
    noted()
    return real
  }
  return { ...real, config (options) { files(options).forEach(noted); return real.config(options) } }
}

// --- what was exported, as plain values; what JSON has no word for is marked with "$" ---

let count = 0
function plain (value, above) {
  if (++count > MOST) throw new Error(`it exports more than ${MOST} values`)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $: 'number', text: String(value) }
  if (typeof value !== 'object') return { $: typeof value, text: typeof value === 'bigint' ? String(value) : '' }
  if (value instanceof RegExp) return { $: 'regexp', text: String(value) }
  if (value instanceof Date) return String(value.toJSON())
  if (above.includes(value)) return { $: 'circular', text: '' }
  if (above.length > DEEPEST) return { $: 'deep', text: '' }
  const inside = [...above, value]
  if (Array.isArray(value)) return Array.from(value, (item) => plain(item, inside))
  const entries = Object.keys(value).filter((key) => value[key] !== undefined)
  return Object.fromEntries(entries.map((key) => [key, plain(value[key], inside)]))
}

function placed (error) {
  const text = String((error && error.stack) || '')
  const from = text.indexOf(request.file)
  const place = from < 0 ? null : /^:(\d+)(?::(\d+))?/.exec(text.slice(from + request.file.length))
  const message = String((error && error.message) || error).split('\n')[0]
  return { message, name: String((error && error.name) || ''), line: place ? Number(place[1]) : 0, column: place && place[2] ? Number(place[2]) : 0 }
}

// A file that is a module by its syntax alone, whatever the package.json above it says.
function asModule (url) {
  const hook = `export async function load (url, context, next) {
    if (url !== ${stringify(url)}) return next(url, context)
    const found = await next(url, { ...context, format: 'module' })
    return { ...found, format: 'module' }
  }`
  Module.register('data:text/javascript,' + encodeURIComponent(hook))
}

async function exported () {
  let found
  if (request.module) asModule(pathToFileURL(request.file).href)
  try {
    found = request.module || request.file.endsWith('.mjs') ? await import(pathToFileURL(request.file)) : require(request.file)
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM') throw error
    found = await import(pathToFileURL(request.file))
  }
  const whole = found !== null && typeof found === 'object' && 'default' in found && !('apps' in found) ? found.default : found
  let value = await whole
  if (value !== whole) notes.push('it exports a promise, which PM2 does not wait for')
  if (typeof value === 'function') {
    notes.push('it exports a function, which PM2 does not call')
    value = await value()
  }
  return value
}

exported().then(
  (value) => answer({ value: plain(value, []), read: [...read], dotenv, notes, node: process.version }),
  (error) => answer({ error: placed(error), node: process.version })
).catch((error) => answer({ error: placed(error), node: process.version }))
process.on('uncaughtException', (error) => answer({ error: placed(error), node: process.version }))
