/** The disk of the database fills up: fetching stops, nothing unstored is deleted, and with room it catches up (I7). */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MailchuteError } from '../../src/errors.ts'
import { assertRoom } from '../../src/store/room.ts'
import { mail } from '../support/mails.ts'
import { startCluster, type TestCluster } from '../support/postgres.ts'
import { brokenPromises } from '../support/promises.ts'
import { startMailbox } from '../support/sandbox.ts'
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts'
import { openWorker, type TestWorker } from '../support/worker.ts'

const MIB = 1024 * 1024
const DISK_BYTES = 240 * MIB
/** Room for some of the mails, not for all: they have 30 MiB, and their write-ahead log as many again. */
const FREE_BYTES = 16 * MIB
const MAILS = Array.from({ length: 60 }, (_, index) => mail({ id: `mail-${index}`, sizeBytes: MIB / 2 }))
const MESSAGES = MAILS.map((octets, index) => ({ uniqueId: `id-${index}`, octets }))
/** Where there is no room for its log, PostgreSQL does not report it: it ends itself. */
const CODES = ['store/disk-full', 'store/unavailable']

let disk: SmallDisk | null
let cluster: TestCluster | undefined
beforeAll(async () => {
  disk = await mountSmallDisk(DISK_BYTES)
  if (disk !== null) cluster = await clusterOn(disk.folder)
}, 300_000)
afterAll(async () => {
  try {
    await cluster?.dispose()
  } finally {
    await disk?.[Symbol.asyncDispose]()
  }
})

test('a disk that fills up in the middle of a poll ends it, and nothing is deleted that is not stored', async ({
  skip,
}) => {
  if (disk === null || cluster === undefined) return skip('a tmpfs cannot be mounted here: that takes root')
  const databaseUrl = await cluster.createDatabase()
  await using server = await startMailbox(MESSAGES)
  await using worker = await openWorker({ ...server.env(), DATABASE_URL: databaseUrl })
  await disk.fill(FREE_BYTES)
  expect(CODES).toContain((await failureOf(worker)).code)
  expect(server.mailbox.messages()).toHaveLength(MAILS.length)
  expect(server.sandbox.log.map(({ verb }) => verb)).not.toContain('QUIT')
  expect(CODES).toContain((await failureOf(worker)).code)
  expect(server.mailbox.messages()).toHaveLength(MAILS.length)

  await disk.makeRoom()
  await cluster.start()
  expect(await worker.poll()).toMatchObject({
    error: null,
    sheet: { listed: MAILS.length, left: 0, deleted: MAILS.length },
  })
  expect(server.mailbox.messages()).toEqual([])
  await worker.workOff()
  expect(await brokenPromises(databaseUrl, { octets: MAILS, tickets: MAILS.length })).toEqual([])
}, 300_000)

test('a disk with less room than PostgreSQL needs is not filled further: no RETR', async ({ skip }) => {
  if (disk === null || cluster === undefined) return skip('a tmpfs cannot be mounted here: that takes root')
  const { folder } = disk
  await using server = await startMailbox(MESSAGES)
  await using worker = await openWorker({ ...server.env(), DATABASE_URL: await cluster.createDatabase() })
  const result = await worker.poll({ assertRoom: () => assertRoom(folder) })
  expect(result).toMatchObject({ error: { code: 'store/disk-full' }, sheet: { connections: 0, retrieved: 0 } })
  expect(server.sandbox.sessionCount).toBe(0)
})

/** The error of a poll that wakes nobody, whether it could be booked or not. */
async function failureOf(worker: TestWorker): Promise<MailchuteError> {
  const wake = async () => undefined
  const error = await worker.poll({ wake }).then(
    (result) => (result.outcome === 'polled' ? result.error : null),
    (thrown: MailchuteError) => thrown,
  )
  if (error === null) throw new Error('the poll found room')
  return error
}

/** Clusters lie in the folder of the run. */
async function clusterOn(folder: string): Promise<TestCluster> {
  const runFolder = process.env['TEST_RUN_FOLDER']
  process.env['TEST_RUN_FOLDER'] = folder
  try {
    return await startCluster(['max_wal_size=32MB', 'wal_recycle=off'])
  } finally {
    process.env['TEST_RUN_FOLDER'] = runFolder
  }
}
