/** A real Redis for tests, on a free port, without eviction and without files. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { freePort } from './free-port.ts'

export interface TestRedis {
  readonly url: string
  flushAll(): Promise<void>
  /** `kill` is a crash: nothing is kept. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** On the same port, empty. */
  start(): Promise<void>
}

const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']
const program = folders.map((folder) => path.join(folder, 'redis-server')).find((file) => existsSync(file))

/** Where it is false, tests over Redis are skipped: `describe.skipIf(!redisAvailable)`. */
export const redisAvailable = program !== undefined

/** `settings` as in redis.conf: `{ 'maxmemory-policy': 'allkeys-lru' }`. */
export async function startRedis(settings: Record<string, string> = {}): Promise<TestRedis> {
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let server = await launch(port, settings)
  return {
    url,
    flushAll: () => flushAll(url),
    stop: async (signal = 'SIGTERM') => {
      if (server.exitCode !== null || server.signalCode !== null) return
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill(signal)
      await ended
    },
    start: async () => {
      server = await launch(port, settings)
    },
  }
}

async function launch(port: number, settings: Record<string, string>): Promise<ChildProcess> {
  if (!program) throw new Error('redis-server is missing')
  const fixed = { port: String(port), bind: '127.0.0.1', save: '', dir: tmpdir(), 'maxmemory-policy': 'noeviction' }
  const args = Object.entries({ ...fixed, ...settings }).flatMap(([name, value]) => [`--${name}`, value])
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const kill = () => server.kill('SIGKILL')
  process.once('exit', kill)
  server.once('exit', () => process.removeListener('exit', kill))
  for await (const line of createInterface(server.stdout)) {
    if (!line.includes('Ready to accept connections')) continue
    server.stdout.resume()
    return server
  }
  throw new Error(`redis-server ended with code ${server.exitCode}`)
}

async function flushAll(url: string): Promise<void> {
  const client = new Redis(url)
  await client.flushall()
  await client.quit()
}
