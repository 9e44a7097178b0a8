import { execFile } from 'node:child_process'
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBundle } from '../../../src/commands/audit-export/bundle.ts'
import { auditExport, fill } from '../../../src/commands/audit-export/export.ts'
import { readConfig } from '../../../src/config.ts'
import { MailchuteError } from '../../../src/errors.ts'
import { type Acknowledging, never, openAcknowledging } from '../../support/acknowledging.ts'
import { unguarded } from '../../support/append-only.ts'
import { mail } from '../../support/mails.ts'
import { buildProgram, run } from '../../support/program.ts'

let desk: Acknowledging
let folder = ''
let good = ''
beforeAll(async () => {
  await buildProgram()
  folder = await mkdtemp(path.join(process.env['TEST_RUN_FOLDER'] ?? '', 'export-'))
  desk = await openAcknowledging()
  desk.deliver(mail({ id: 'first' }), mail({ id: 'second', from: 'bert@example.com' }))
  await desk.takeIn()
  await desk.send()
  // What a server may name a message: line ends of others than us, quotation marks, digits that no double holds.
  const odd = '{"uniqueId": "a\\u2028b\\"\\\\\\n", "n": 12345678901234567890, "f": 1.50}'
  await desk.query(`INSERT INTO inbound_events (mailbox_id, code, detail) SELECT id, 'test/odd', $1 FROM mailboxes`, [
    odd,
  ])
  await desk.query(`INSERT INTO mailboxes (name, url) VALUES ('other', 'pop3://127.0.0.1')`)
  await desk.query(
    `INSERT INTO inbound_events (mailbox_id, code) SELECT id, 'test/other' FROM mailboxes WHERE name = 'other'`,
  )
  good = await exported('good', ['--raw'])
}, 300_000)
afterAll(() => desk[Symbol.asyncDispose]())

/** Returns the folder. */
async function exported(name: string, options: readonly string[] = [], env = desk.env): Promise<string> {
  const out = path.join(folder, name)
  const { code, stderr } = await run(['audit', 'export', '--out', out, ...options], { ...env, LOG_LEVEL: 'warn' })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return out
}

/** By the script that is in the bundle, which knows nothing of us. */
function verify(bundle: string, ...options: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const script = path.join(bundle, 'verify.mjs')
    execFile(process.execPath, [script, bundle, ...options], (error, stdout) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout })
    })
  })
}

async function linesOf(bundle: string, name: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path.join(bundle, name), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

const manifestOf = async (bundle: string) => JSON.parse(await readFile(path.join(bundle, 'manifest.json'), 'utf8'))

describe('audit export', () => {
  test('writes a bundle that the independent script finds whole', async () => {
    const { code, text } = await verify(good)
    expect({ code, text }).toEqual({ code: 0, text: expect.stringContaining('the bundle is whole') })
    expect(text).toContain('events: 8 sealed (of 0 only the digest is in here), 0 not sealed yet')
    expect(text).toContain('messages: 2, of 2 an event in here says the digest')
    expect((await readdir(good)).toSorted()).toEqual([
      'balance.json',
      'events.ndjson',
      'manifest.json',
      'manifest.sig',
      'messages.ndjson',
      'raw',
      'seals.ndjson',
      'verify.mjs',
    ])
    expect(await readdir(path.join(good, 'raw'))).toHaveLength(2)
  })

  test('is signed by a key of its own, which does not change', async () => {
    const { publicKey } = await manifestOf(good)
    expect((await manifestOf(await exported('again'))).publicKey).toBe(publicKey)
    expect(await verify(good, '--key', publicKey)).toMatchObject({ code: 0 })
    expect(await verify(good, '--key', publicKey.replace(/.{3}$/, 'AAA'))).toMatchObject({ code: 1 })
  })

  test('has no mail in it unless asked for', async () => {
    const bundle = await exported('plain')
    expect(await readdir(bundle)).not.toContain('raw')
    for (const name of await readdir(bundle)) {
      if (name !== 'verify.mjs')
        expect(await readFile(path.join(bundle, name), 'utf8')).not.toMatch(/Subject|Hello|bert@/)
    }
  })

  test('of one mailbox has of the events of others the digest alone, and can be checked all the same', async () => {
    const bundle = await exported('one', ['--mailbox', 'test'])
    const events = await linesOf(bundle, 'events.ndjson')
    expect(events.filter((event) => Object.keys(event).length === 2)).toEqual([
      { id: expect.any(String), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ])
    const { code, text } = await verify(bundle)
    expect({ code, text }).toEqual({ code: 0, text: expect.stringContaining('of 1 only the digest') })
  })

  test('of a time has the events of that time, in whole seals', async () => {
    const later = await exported('later', ['--from', '2100-01-01'])
    expect(await linesOf(later, 'events.ndjson')).toEqual([])
    expect(await linesOf(later, 'messages.ndjson')).toEqual([])
    expect(await verify(later)).toMatchObject({ code: 0 })
    const day = new Date().toISOString().slice(0, 10)
    const today = await exported('today', ['--from', `${day}T00:00:00Z`, '--to', '2099-12-31'])
    expect(await linesOf(today, 'messages.ndjson')).toHaveLength(2)
    expect(await verify(today)).toMatchObject({ code: 0 })
  })

  test('is a tar file where its name ends so, which unpacks to the same', async () => {
    const tar = await exported('bundle.tar', ['--raw'])
    const unpacked = path.join(folder, 'unpacked')
    await mkdir(unpacked)
    await new Promise<void>((resolve, reject) => {
      execFile('tar', ['xf', tar, '-C', unpacked], (error) => (error === null ? resolve() : reject(error)))
    })
    expect(await verify(unpacked)).toMatchObject({ code: 0 })
    expect((await readdir(folder)).filter((name) => name.startsWith('bundle.tar'))).toEqual(['bundle.tar'])
  })

  test('without a key is not signed, and says so', async () => {
    const { MAILCHUTE_SECRET_KEY: _, MAILBOX_TEST_ACKNOWLEDGE: __, ...without } = desk.env
    const out = path.join(folder, 'unsigned')
    const { code, stdout } = await run(['audit', 'export', '--out', out], { ...without, LOG_LEVEL: 'silent' })
    expect({ code, said: stdout.toString() }).toEqual({ code: 0, said: expect.stringContaining('not signed') })
    expect(await verify(out)).toMatchObject({ code: 0, text: expect.stringContaining('signature: none') })
  })

  test.each([
    [['--from', 'yesterday'], 64],
    [['--mailbox', 'nobody'], 64],
  ])('refuses %s', async (options, expected) => {
    const { code } = await run(['audit', 'export', '--out', path.join(folder, 'never'), ...options], desk.env)
    expect(code).toBe(expected)
    expect(await readdir(folder)).not.toContain('never')
  })

  test('leaves a mail out that is purged while it is read, and is whole', async () => {
    const { store } = desk.worker.app
    const [row] = await desk.query<{ sha256: string }>('SELECT min(sha256) AS sha256 FROM raw_messages')
    const [gone = ''] = [row?.sha256]
    const octets: typeof store.raw.octets = async function* (sha256) {
      if (sha256 === gone) {
        yield Buffer.from('From: half of it')
        await desk.query(`UPDATE raw_messages SET purged_at = now() WHERE sha256 = '${gone}'`)
        await desk.query(`CREATE TABLE aside AS SELECT * FROM raw_chunks WHERE sha256 = '${gone}'`)
        await desk.query(`DELETE FROM raw_chunks WHERE sha256 = '${gone}'`)
      }
      yield* store.raw.octets(sha256)
    }
    const out = path.join(folder, 'purged')
    await mkdir(out)
    const bundle = createBundle(out, never)
    const all = { from: null, to: null, mailboxId: null }
    expect(await fill({ ...store, raw: { octets } }, bundle, all, true)).toEqual([])
    await bundle.finish({ format: 'mailchute-audit-1' }, null)
    await desk.query('INSERT INTO raw_chunks SELECT * FROM aside')
    await desk.query('UPDATE raw_messages SET purged_at = NULL')
    expect(await verify(out)).toMatchObject({ code: 0 })
    expect(await readdir(path.join(out, 'raw'))).not.toContain(`${gone}.eml`)
  })

  test.each(['stopped', 'stopped.tar'])('that is stopped on its way leaves nothing: %s', async (name) => {
    const signal = AbortSignal.abort(new MailchuteError('runtime/shutting-down', 'stopped'))
    const options = { out: path.join(folder, name), raw: true }
    const stopped = auditExport(readConfig({ ...desk.env, LOG_LEVEL: 'silent' }, '/nonexistent'), options, signal)
    await expect(stopped).rejects.toMatchObject({ code: 'runtime/shutting-down' })
    expect((await readdir(folder)).filter((each) => each.startsWith('stopped'))).toEqual([])
  })

  test('is for its owner alone', async () => {
    const modes = async (...names: string[]) =>
      Promise.all(names.map(async (each) => (await stat(path.join(good, each))).mode & 0o777))
    expect(await modes('.', 'raw')).toEqual([0o700, 0o700])
    expect(await modes('events.ndjson', 'manifest.json')).toEqual([0o600, 0o600])
  })

  test('overwrites nothing', async () => {
    const { code, stderr } = await run(['audit', 'export', '--out', good], desk.env)
    expect({ code, stderr }).toEqual({ code: 64, stderr: expect.stringContaining('is there already') })
  })

  test('of a log that is broken is made all the same, says so, and does not verify', async () => {
    const [event] = await desk.query<{ id: string }>(`SELECT min(id) AS id FROM inbound_events`)
    const set = (code: string) =>
      desk.query(unguarded(`UPDATE inbound_events SET code = '${code}' WHERE id = ${event?.id}`))
    const [before] = await desk.query<{ code: string }>(`SELECT code FROM inbound_events WHERE id = ${event?.id}`)
    await set('test/forged')
    const out = path.join(folder, 'broken')
    const { code, stderr } = await run(['audit', 'export', '--out', out], { ...desk.env, LOG_LEVEL: 'silent' })
    await set(before?.code ?? '')
    expect({ code, stderr }).toEqual({
      code: 65,
      stderr: expect.stringContaining(`event ${event?.id} was changed (seal 1)`),
    })
    expect((await manifestOf(out)).chain.finding).toMatchObject({ kind: 'event-changed', event: event?.id })
    const { code: verified, text } = await verify(out)
    expect({ verified, text }).toEqual({
      verified: 1,
      text: expect.stringContaining('the events of seal 1 are not those it was made for'),
    })
  })
})

describe('a bundle that somebody touched', () => {
  const replace = (name: string, from: RegExp | string, to: string) => async (bundle: string) => {
    const file = path.join(bundle, name)
    const text = await readFile(file, 'utf8')
    expect(text.replace(from, to)).not.toBe(text)
    await writeFile(file, text.replace(from, to))
  }

  test.each([
    ['a changed event', replace('events.ndjson', 'work/ticketed', 'work/suppress'), /events.ndjson is not the file/],
    ['a deleted event', replace('events.ndjson', /^.*\n/, ''), /events.ndjson is not the file/],
    ['a changed seal', replace('seals.ndjson', /"events":\d+/, '"events":1'), /seal 1 was changed/],
    [
      'a changed message',
      replace('messages.ndjson', /"sha256":"...../, '"sha256":"00000'),
      /is not the one that was stored/,
    ],
    ['a changed balance', replace('balance.json', /"stored": \d+/, '"stored": 9'), /balance.json is not the file/],
    [
      'a changed manifest',
      replace('manifest.json', /"sizeBytes": \d+/, '"sizeBytes": 1'),
      /signature of the manifest is wrong/,
    ],
    ['another signature', replace('manifest.sig', /^..../, 'AAAA'), /signature of the manifest is wrong/],
    [
      'a mail more',
      (bundle: string) => writeFile(path.join(bundle, 'raw', 'more.eml'), ''),
      /more.eml is not in the manifest/,
    ],
    [
      'a mail less',
      async (bundle: string) => rm(path.join(bundle, 'raw', (await readdir(path.join(bundle, 'raw')))[0] ?? '')),
      /eml is missing/,
    ],
    [
      'a mail with more in it',
      async (bundle: string) =>
        appendFile(path.join(bundle, 'raw', (await readdir(path.join(bundle, 'raw')))[0] ?? ''), 'x'),
      /eml is not the file/,
    ],
    [
      "two files in each other's place",
      async (bundle: string) => {
        const at = (name: string) => path.join(bundle, name)
        await rename(at('seals.ndjson'), at('x'))
        await rename(at('events.ndjson'), at('seals.ndjson'))
        await rename(at('x'), at('events.ndjson'))
      },
      /is not the file/,
    ],
  ] as const)('is not whole: %s', async (what, touch, expected) => {
    const bundle = path.join(folder, `touched ${what}`)
    await cp(good, bundle, { recursive: true })
    expect(await verify(bundle)).toMatchObject({ code: 0 })
    await touch(bundle)
    const { code, text } = await verify(bundle)
    expect({ code, text }).toEqual({ code: 1, text: expect.stringMatching(expected) })
    expect(text).toContain('the bundle is NOT whole')
  })

  test('does not verify even where all digests of files are made anew: the seals do not fit', async () => {
    const bundle = path.join(folder, 'unsigned touched')
    await cp(path.join(folder, 'unsigned'), bundle, { recursive: true })
    const file = path.join(bundle, 'events.ndjson')
    const text = (await readFile(file, 'utf8')).replace('work/ticketed', 'work/suppress')
    const { createHash } = await import('node:crypto')
    const digest = (octets: string) => createHash('sha256').update(octets).digest('hex')
    const old = digest(await readFile(file, 'utf8'))
    await writeFile(file, text)
    const manifest = (await readFile(path.join(bundle, 'manifest.json'), 'utf8')).replace(old, digest(text))
    const bytes = Buffer.byteLength(text)
    await writeFile(path.join(bundle, 'manifest.json'), manifest)
    const { code, text: told } = await verify(bundle)
    expect(bytes).toBeGreaterThan(0)
    expect({ code, told }).toEqual({
      code: 1,
      told: expect.stringMatching(/BROKEN: the events of seal \d+ are not those it was made for/),
    })
    expect(told).not.toContain('events.ndjson is not the file')
  })
})
