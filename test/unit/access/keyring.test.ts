import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createKeyring, type KeyringConfig, keyIdOf } from '../../../src/access/keyring.ts'

const NEW = randomBytes(32).toString('base64')
const OLD = randomBytes(32).toString('base64')
const WRONG = { code: 'config/secret-key-wrong' }

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mailchute-key-'))
})
afterEach(() => rm(folder, { recursive: true }))

const keyring = (config: Partial<KeyringConfig> = {}) =>
  createKeyring({ secretKey: NEW, oldSecretKey: null, databaseUrl: 'postgresql://x', dataDir: folder, ...config })
const embedded = () => keyring({ secretKey: null, databaseUrl: null })

describe('what is sealed', () => {
  test('opens as it was, and shows nothing of itself: not twice the same octets either', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (secret) => {
        const sealed = await keyring().seal('refresh-token', 'a mailbox', secret)
        expect(await keyring().open('refresh-token', 'a mailbox', sealed)).toBe(secret)
      }),
    )
    const [one, two] = await Promise.all([1, 2].map(() => keyring().seal('refresh-token', 'm', 'the very same secret')))
    expect(one?.octets).not.toEqual(two?.octets)
    expect(Buffer.from(one?.octets ?? []).toString('latin1')).not.toContain('secret')
    expect(one?.keyId).toBe(keyIdOf(Buffer.from(NEW, 'base64')))
  })

  test('does not open after any change of it', async () => {
    const { octets, keyId } = await keyring().seal('refresh-token', 'm', 'secret')
    for (let at = 0; at < octets.length; at += 1) {
      const changed = Buffer.from(octets)
      changed[at] = (changed[at] ?? 0) ^ 1
      await expect(keyring().open('refresh-token', 'm', { octets: changed, keyId })).rejects.toMatchObject(WRONG)
    }
    for (const length of [0, 1, 12, 28, octets.length - 1]) {
      const cut = { octets: octets.slice(0, length), keyId }
      await expect(keyring().open('refresh-token', 'm', cut)).rejects.toMatchObject(WRONG)
    }
  })

  test('does not open in another place: another mailbox, another purpose', async () => {
    const sealed = await keyring().seal('refresh-token', 'a', 'secret')
    await expect(keyring().open('refresh-token', 'b', sealed)).rejects.toMatchObject(WRONG)
    await expect(keyring().open('access-token mail', 'a', sealed)).rejects.toMatchObject(WRONG)
  })

  test('does not open with another key, not even under its name', async () => {
    const sealed = await keyring({ secretKey: OLD }).seal('refresh-token', 'm', 'secret')
    await expect(keyring().open('refresh-token', 'm', sealed)).rejects.toMatchObject(WRONG)
    const renamed = { ...sealed, keyId: keyIdOf(Buffer.from(NEW, 'base64')) }
    await expect(keyring().open('refresh-token', 'm', renamed)).rejects.toMatchObject(WRONG)
  })

  test('opens with the key before this one, which seals nothing any more', async () => {
    const sealed = await keyring({ secretKey: OLD }).seal('refresh-token', 'm', 'secret')
    const both = keyring({ oldSecretKey: OLD })
    expect(await both.open('refresh-token', 'm', sealed)).toBe('secret')
    expect((await both.seal('refresh-token', 'm', 'secret')).keyId).not.toBe(sealed.keyId)
  })
})

describe('the key', () => {
  test('is asked for only when it is needed', async () => {
    const none = keyring({ secretKey: null })
    expect(none.canSeal()).toBe(false)
    await expect(none.ensureKey()).rejects.toMatchObject({ code: 'config/secret-key-missing', exitCode: 78 })
    await expect(none.seal('refresh-token', 'm', 'secret')).rejects.toMatchObject({ code: 'config/secret-key-missing' })
  })

  test('of the embedded database is a file for its owner alone, made once however many make it', async () => {
    const sealed = await Promise.all(Array.from({ length: 20 }, () => embedded().seal('refresh-token', 'm', 'secret')))
    expect(new Set(sealed.map(({ keyId }) => keyId)).size).toBe(1)
    expect(await readdir(folder)).toEqual(['secret.key'])
    expect((await stat(path.join(folder, 'secret.key'))).mode & 0o777).toBe(0o600)
    expect(Buffer.from(await readFile(path.join(folder, 'secret.key'), 'utf8'), 'base64')).toHaveLength(32)
  })

  test('is not taken from a file that was cut off, and not replaced either', async () => {
    await writeFile(path.join(folder, 'secret.key'), 'AAAA')
    await expect(embedded().seal('refresh-token', 'm', 'secret')).rejects.toMatchObject(WRONG)
    expect(await readFile(path.join(folder, 'secret.key'), 'utf8')).toBe('AAAA')
  })

  test('of a start that was killed halfway is not used', async () => {
    await writeFile(path.join(folder, 'secret.key.0badcafe.tmp'), 'AAAA')
    expect(await embedded().open('p', 'm', await embedded().seal('p', 'm', 'secret'))).toBe('secret')
  })

  test('in a setting takes over from the file, which still opens', async () => {
    const sealed = await embedded().seal('refresh-token', 'm', 'secret')
    const set = keyring({ databaseUrl: null })
    expect(await set.open('refresh-token', 'm', sealed)).toBe('secret')
    expect((await set.seal('refresh-token', 'm', 'secret')).keyId).not.toBe(sealed.keyId)
  })
})
