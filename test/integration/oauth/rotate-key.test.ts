import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type KeyFile, keyFileIn } from '../../../src/access/key-file.ts'
import { createKeyring } from '../../../src/access/keyring.ts'
import { rotateKey } from '../../../src/access/rotate-key.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { createFaults } from '../../support/faults.ts'
import { waitersForLock } from '../../support/login-rows.ts'
import { createDatabase } from '../../support/postgres.ts'
import { buildProgram, run, type Settings, start } from '../../support/program.ts'

const newKey = () => randomBytes(32).toString('base64')

let folder = ''
let databaseUrl = ''
let store: Store
beforeAll(() => buildProgram())
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mailchute-rotate-'))
  databaseUrl = await createDatabase()
  store = openStore(databaseUrl)
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

const MAILBOXES = ['a', 'b', 'c'].map((name) => ({
  name,
  url: `pop3s://${name}@pop.example`,
  source: 'pop3 pop.example',
}))

type Ring = ReturnType<typeof createKeyring>

/** Each mailbox has a login, whose refresh token tells whose it is. */
async function logInAll(keyring: Ring): Promise<string[]> {
  const rows = [...(await store.mailboxes.ensure(MAILBOXES)).values()]
  for (const { id } of rows) {
    const refreshToken = await keyring.seal('refresh-token', id, `token of ${id}`)
    const token = { clientSha256: 'c', token: await keyring.seal('access-token mail', id, 'a'), expiresAt: new Date(0) }
    await store.logins.complete(id, { clientSha256: 'c', refreshToken, expiresAt: null }, 'mail', token, 'test')
  }
  return rows.map(({ id }) => id)
}

async function openAll(keyring: Ring, ids: readonly string[]): Promise<string[]> {
  const logins = await Promise.all(ids.map((id) => store.logins.find(id)))
  for (const login of logins) {
    if (login === null) throw new Error('a login is gone')
    const { mailboxId, refreshToken } = login
    expect(await keyring.open('refresh-token', mailboxId, refreshToken)).toBe(`token of ${mailboxId}`)
  }
  return [...new Set(logins.map((login) => login?.refreshToken.keyId ?? ''))]
}

describe('rotate-key with MAILCHUTE_SECRET_KEY', () => {
  test('seals everything with the new key: the old one is not needed any more', async () => {
    const [old, current] = [newKey(), newKey()]
    const config = { databaseUrl, dataDir: folder }
    const ids = await logInAll(createKeyring({ ...config, secretKey: old, oldSecretKey: null }))
    const settings = { DATABASE_URL: databaseUrl, MAILCHUTE_SECRET_KEY: current }
    const without = await run(['rotate-key'], settings)
    expect(without).toMatchObject({ code: 78, stderr: expect.stringContaining('config/secret-key-wrong') })
    const rotated = await run(['rotate-key'], { ...settings, MAILCHUTE_SECRET_KEY_OLD: old })
    expect(rotated).toMatchObject({ code: 0, stderr: '' })
    expect(rotated.stdout.toString()).toContain('3 logins')
    await openAll(createKeyring({ ...config, secretKey: current, oldSecretKey: null }), ids)
  })

  test('is nothing without a key', async () => {
    expect(await run(['rotate-key'], { DATABASE_URL: databaseUrl })).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('config/secret-key-missing'),
    })
  })

  test('killed in its transaction it has done nothing', async () => {
    const [old, current] = [newKey(), newKey()]
    const config = { databaseUrl, dataDir: folder }
    const ids = await logInAll(createKeyring({ ...config, secretKey: old, oldSecretKey: null }))
    const settings: Settings = {
      DATABASE_URL: databaseUrl,
      MAILCHUTE_SECRET_KEY: current,
      MAILCHUTE_SECRET_KEY_OLD: old,
    }
    const client = new Client({ connectionString: databaseUrl })
    await client.connect()
    // The last thing the transaction does is to forget access tokens.
    await client.query('BEGIN')
    await client.query('LOCK TABLE access_tokens')
    const rotating = start(['rotate-key'], settings)
    await waitersForLock(databaseUrl, 1)
    rotating.child.kill('SIGKILL')
    await rotating.ended
    await client.query('ROLLBACK')
    await client.end()
    await openAll(createKeyring({ ...config, secretKey: old, oldSecretKey: null }), ids)
    expect((await run(['rotate-key'], settings)).code).toBe(0)
    await openAll(createKeyring({ ...config, secretKey: current, oldSecretKey: null }), ids)
  })
})

describe('rotate-key with a key file', () => {
  const ringOf = (keyFile: KeyFile) =>
    createKeyring({ secretKey: null, oldSecretKey: null, databaseUrl: null, dataDir: folder }, keyFile)

  test('makes a new key, which seals everything', async () => {
    const keyring = ringOf(keyFileIn(folder))
    const ids = await logInAll(keyring)
    const [before] = await openAll(keyring, ids)
    expect(await rotateKey(keyring, store.logins)).toBe(3)
    const [after, ...others] = await openAll(keyring, ids)
    expect(after).not.toBe(before)
    expect(others).toEqual([])
    expect((await keyring.seal('p', 'm', 's')).keyId).toBe(after)
  })

  test('that dies at any step leaves everything to be opened, and the next one finishes it', async () => {
    const ids = await logInAll(ringOf(keyFileIn(folder)))
    const steps = createFaults()
    await rotateKey(ringOf(steps.guard(keyFileIn(folder), GUARD)), steps.guard(store.logins, GUARD))
    expect(steps.labels()).toEqual(expect.arrayContaining(['next', 'adoptNext', 'resealAll']))
    for (const step of steps.labels()) {
      for (const moment of ['before', 'after'] as const) {
        const faults = createFaults()
        const keyring = ringOf(faults.guard(keyFileIn(folder), GUARD))
        faults.arm(step, 1, moment)
        await expect(rotateKey(keyring, faults.guard(store.logins, GUARD))).rejects.toMatchObject(GUARD)
        expect({ step, moment, hasStruck: faults.disarm() }).toMatchObject({ hasStruck: true })
        const keyIds = await openAll(ringOf(keyFileIn(folder)), ids)
        expect(keyIds).toHaveLength(1)
        // What is sealed in the meantime opens after the next rotation.
        await sealAnew(ringOf(keyFileIn(folder)), ids)
        expect(await rotateKey(ringOf(keyFileIn(folder)), store.logins)).toBe(3)
        await openAll(ringOf(keyFileIn(folder)), ids)
      }
    }
    expect((await readdir(folder)).toSorted()).toEqual(['secret.key', 'secret.key.old'])
  })

  test('of two at once leaves one key, and everything open', async () => {
    const keyring = ringOf(keyFileIn(folder))
    const ids = await logInAll(keyring)
    const counts = await Promise.all([rotateKey(keyring, store.logins), rotateKey(keyring, store.logins)])
    expect(counts).toEqual([3, 3])
    await openAll(keyring, ids)
  })

  async function sealAnew(keyring: Ring, ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const sealed = await keyring.seal('refresh-token', id, `token of ${id}`)
      await store.logins.whileLocked(id, (locked) =>
        locked.saveRenewed(sealed, null, 'mail', { clientSha256: 'c', token: sealed, expiresAt: new Date(0) }),
      )
    }
  }
})

const GUARD = { code: 'store/unavailable' } as const

describe('rotate-key of the program with its embedded database', () => {
  let data = ''
  beforeAll(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'mailchute-data-'))
  })
  afterAll(() => rm(data, { recursive: true }))

  test('puts a new key in the place of the file', async () => {
    const key = () => readFile(path.join(data, 'secret.key'), 'utf8')
    expect(await run(['rotate-key'], { MAILCHUTE_DATA: data })).toMatchObject({ code: 0 })
    const first = await key()
    expect(await run(['rotate-key'], { MAILCHUTE_DATA: data })).toMatchObject({ code: 0, stderr: '' })
    expect(await key()).not.toBe(first)
    expect(await readFile(path.join(data, 'secret.key.old'), 'utf8')).toBe(first)
  })
})
