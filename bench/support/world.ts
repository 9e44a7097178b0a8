/**
 * The machine room: Dovecot, PostgreSQL (fsync on) and Redis of the benchmark's own in temporary folders, and mails.
 * Every measurement gets a full mailbox and an empty database; nothing of one is left for the next.
 */
import { chown, link, mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import type { Account } from '../../src/config.ts'
import { type GeneratedMail, generateMails } from '../../src/sandbox/generate.ts'
import { pop3 } from '../../src/source/pop3/session.ts'
import { type Dovecot, startDovecot } from '../../test/support/dovecot.ts'
import openRunFolder from '../../test/support/global-setup.ts'
import { startCluster, type TestCluster } from '../../test/support/postgres.ts'
import { redisAvailable, startRedis, type TestRedis } from '../../test/support/redis.ts'

export interface World extends AsyncDisposable {
  readonly mails: readonly GeneratedMail[]
  readonly dovecot: Dovecot
  /** null: there is no redis-server on this machine. */
  readonly redis: TestRedis | null
  /** Aborted when all this ends: programs under measurement end with it. */
  readonly signal: AbortSignal
  /** For files of a measurement. */
  readonly folder: string
  /** A user whose mailbox holds the first so many of the mails, and no more. */
  fullMailbox(count: number): Promise<string>
  /** A database brought up to date and empty, dropped when the work with it is over. */
  withDatabase<T>(work: (url: string) => Promise<T>): Promise<T>
}

const DURABLE = ['fsync=on', 'synchronous_commit=on', 'full_page_writes=on']
const PREPARED = 'prepared'

export async function openWorld(count: number): Promise<World> {
  const mails = generateMails({ count })
  await using opened = new AsyncDisposableStack()
  opened.defer(await openRunFolder())
  const folder = await mkdtemp(path.join(tmpdir(), 'mailchute-bench-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  const cluster = await startCluster(DURABLE)
  opened.defer(() => cluster.dispose())
  const redis = redisAvailable ? await startRedis() : null
  if (redis !== null) opened.defer(() => redis.stop())
  const dovecot = opened.use(await startDovecot())
  await dovecot.deliver(
    PREPARED,
    mails.map(({ octets }) => octets),
  )
  await warmUp(dovecot)
  const names = await dovecot.files(PREPARED)
  const users = numbers()
  const ending = new AbortController()
  opened.defer(() => ending.abort())
  const everything = opened.move()
  return {
    mails,
    dovecot,
    redis,
    signal: ending.signal,
    folder,
    fullMailbox: async (size) => {
      const user = `bench-${users.next().value}`
      await fill(dovecot.maildir(user), dovecot.maildir(PREPARED), names.slice(0, size))
      return user
    },
    withDatabase: (work) => withDatabase(cluster, work),
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  }
}

function* numbers(): Generator<number, never> {
  for (let number = 1; ; number++) yield number
}

/** Dovecot's first logon after its start takes seconds. */
async function warmUp(dovecot: Dovecot): Promise<void> {
  for (const security of ['plain', 'tls'] as const) await look(dovecot.mailbox('warm-up', security))
}

async function look(mailbox: Account): Promise<void> {
  await using session = await pop3(mailbox)(AbortSignal.timeout(30_000))
  await session.list()
  await session.commit()
}

/** By hard links: fast, and no octets are written that would come to the disk during the measurement. */
async function fill(maildir: string, prepared: string, names: readonly string[]): Promise<void> {
  const { uid, gid } = await stat(path.join(prepared, 'new'))
  for (const folder of ['', 'tmp', 'new', 'cur']) {
    await mkdir(path.join(maildir, folder), { recursive: true })
    await chown(path.join(maildir, folder), uid, gid)
  }
  for (const name of names) await link(path.join(prepared, 'new', name), path.join(maildir, 'new', name))
}

/** A checkpoint beforehand, so that none that earlier measurements are to blame for comes in the middle. */
async function withDatabase<T>(cluster: TestCluster, work: (url: string) => Promise<T>): Promise<T> {
  const url = await cluster.createDatabase()
  await asAdministrator(cluster, 'CHECKPOINT')
  try {
    return await work(url)
  } finally {
    await asAdministrator(cluster, `DROP DATABASE "${path.basename(new URL(url).pathname)}" WITH (FORCE)`)
  }
}

async function asAdministrator(cluster: TestCluster, statement: string): Promise<void> {
  const client = new Client({ connectionString: cluster.url('postgres') })
  // The query reports what is wrong; an error without a listener would end the process with all its servers running.
  client.on('error', () => undefined)
  await client.connect()
  await client.query(statement).finally(() => client.end())
}
