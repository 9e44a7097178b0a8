/**
 * Everything a fresh clone needs before anything runs: packages, the Prisma client, the build; with --test also the
 * servers that tests run against. Plain JavaScript for Node 20 and without packages, as it runs before there are any.
 * Does only what is due, says one line a step, and is silent where nothing is. Several at once wait for each other,
 * and a step that was interrupted is done again.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const at = (...parts) => path.join(ROOT, ...parts)
const BIN = at('node_modules', '.bin')

const isTest = process.argv.includes('--test')
const release = await lock()
try {
  await installPackages()
  await generateClient()
  await build()
  if (isTest) await installServers()
} catch (error) {
  process.stderr.write(`setup: ${error.message}\n`)
  process.exitCode = 1
} finally {
  release()
}

/** Held by the kernel, so it ends with its holder: an abstract socket on Linux, elsewhere a socket file. */
async function lock() {
  const name = `mailchute-setup-${createHash('sha256').update(ROOT).digest('hex').slice(0, 16)}`
  const address = process.platform === 'linux' ? `\0${name}` : path.join(tmpdir(), name)
  for (;;) {
    const server = createServer()
    const held = await new Promise((resolve, reject) => {
      server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)))
      server.listen(address, () => resolve(true))
    })
    if (held) return () => server.close()
    await untilReleased(address)
  }
}

function untilReleased(address) {
  return new Promise((resolve) => {
    const other = connect(address)
    other.on('error', (error) => {
      if (error.code === 'ECONNREFUSED' && !address.startsWith('\0')) rmSync(address, { force: true })
    })
    other.on('close', resolve)
    other.resume()
  })
}

async function installPackages() {
  if (!packagesAreInstalled()) await step('installing packages', 'npm', ['ci', '--no-audit', '--no-fund'], npmEnv())
  // Its install script brings the program; some npm settings keep such scripts from running.
  if (!existsSync(path.join(BIN, 'node'))) await step('installing Node 24', 'npm', ['rebuild', 'node'], npmEnv())
}

/** npm writes its own lock file last of all: where it is missing, an installation was interrupted. */
function packagesAreInstalled() {
  const installed = readJson(at('node_modules', '.package-lock.json'))
  const wanted = readJson(at('package-lock.json'))
  if (!installed || !wanted) return false
  return Object.entries(wanted.packages).every(([folder, { version, optional, devOptional }]) => {
    if (folder === '') return true
    const found = installed.packages[folder]
    return found ? found.version === version && existsSync(at(folder)) : Boolean(optional || devOptional)
  })
}

/** Without node_modules in the path: npm must not run on the very Node that it is about to replace. */
function npmEnv() {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  const PATH = folders.filter((folder) => !folder.includes('node_modules')).join(path.delimiter)
  return { ...process.env, PATH }
}

async function generateClient() {
  const stamp = at('src', 'generated', '.stamp')
  const inputs = [at('prisma', 'schema.prisma'), at('node_modules', '@prisma', 'client', 'package.json')]
  const digest = createHash('sha256')
  for (const file of inputs) digest.update(readFileSync(file))
  const due = digest.digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === due) return
  await step('generating the database client', path.join(BIN, 'prisma'), ['generate'], localEnv())
  writeFileSync(stamp, due)
}

async function build() {
  const buildInfo = at('dist', '.tsbuildinfo')
  const newest = Math.max(...[at('tsconfig.json'), ...filesBelow(at('src'))].map((file) => statSync(file).mtimeMs))
  if (existsSync(buildInfo) && statSync(buildInfo).mtimeMs >= newest) return
  await step('building', path.join(BIN, 'tsc'), ['-p', 'src'], localEnv())
  const now = new Date()
  if (existsSync(buildInfo)) utimesSync(buildInfo, now, now)
}

function filesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
}

function localEnv() {
  return { ...process.env, PATH: `${BIN}${path.delimiter}${process.env.PATH}` }
}

const SERVERS = [
  { program: 'redis-server', debian: 'redis-server', skipped: 'the tests over Redis' },
  { program: 'dovecot', debian: 'dovecot-pop3d', skipped: 'the tests against Dovecot' },
]

async function installServers() {
  const missing = SERVERS.filter(({ program }) => !isOnPath(program))
  if (missing.length === 0) return
  if (canInstall()) await aptInstall(missing.map(({ debian }) => debian)).catch(say)
  for (const { program, debian, skipped } of SERVERS) {
    if (!isOnPath(program)) say(`${program} is missing (Debian: ${debian}): ${skipped} are skipped`)
  }
}

const canInstall = () => existsSync('/etc/debian_version') && process.getuid?.() === 0 && isOnPath('apt-get')

async function aptInstall(packages) {
  // RUNLEVEL keeps the packages from starting their daemons: tests start their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  await step('asking Debian for packages', 'apt-get', ['update'], env)
  const options = ['install', '--yes', '--no-install-recommends']
  await step(`installing ${packages.join(', ')}`, 'apt-get', [...options, ...packages], env)
}

function isOnPath(program) {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.some((folder) => existsSync(path.join(folder, program)))
}

async function step(what, command, args, env) {
  say(`${what} ...`)
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk))
  const outcome = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code === 0 ? null : (signal ?? `exit code ${code}`)))
  })
  if (outcome === null) return
  process.stderr.write(Buffer.concat(output))
  throw new Error(`${what} failed (${outcome}): ${path.basename(command)} ${args.join(' ')}`)
}

function say(what) {
  process.stderr.write(`setup: ${what instanceof Error ? what.message : what}\n`)
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}
