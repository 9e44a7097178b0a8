import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ExplainOptions, explain } from '../../src/commands/explain.ts'
import { NOT_LOOKED_AT } from '../../src/message/authenticity/authenticity.ts'

const MAIL = [
  'From: Ann <ann@example.net>',
  'To: help@example.com',
  'Subject: with a file',
  'Date: Tue, 2 Jan 2024 10:00:00 +0000',
  'Message-ID: <1@example.net>',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/html',
  '',
  '<p onclick="x()">Hello<img src="http://x.example/seen.png"></p>',
  '--b',
  'Content-Type: application/pdf; name=a.pdf',
  'Content-Transfer-Encoding: base64',
  '',
  'aGVsbG8=',
  '--b--',
  '',
].join('\r\n')

const sha256 = (octets: string) => createHash('sha256').update(octets).digest('hex')

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'explain-'))
  await writeFile(join(folder, 'mail.eml'), MAIL)
  // A header above the limit: read as far as it goes.
  await writeFile(join(folder, 'bad.eml'), `Subject: ${'x'.repeat(17_000_000)}\r\n\r\n`)
  await writeFile(join(folder, 'rude.eml'), 'Subject: \x1b[2Jgone\x07\r\nFrom: a@x.example\r\n\r\nhi\x1b[31m\r\n')
})
afterAll(() => rm(folder, { recursive: true }))

async function run(names: string[], options: Partial<ExplainOptions> = {}, input = '') {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const outputs = Promise.all([text(stdout), text(stderr)])
  const files = names.map((name) => (name === '-' ? name : join(folder, name)))
  const io = { stdout, stderr, stdin: Readable.from([Buffer.from(input)]) }
  const exitCode = await explain(files, { json: true, content: false, ...options }, io)
  stdout.end()
  stderr.end()
  const [out, err] = await outputs
  return {
    exitCode,
    out,
    err,
    rows: () =>
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
  }
}

describe('explain', () => {
  test('prints what the interface promises', async () => {
    const { exitCode, rows } = await run(['mail.eml'])
    expect(exitCode).toBe(0)
    expect(rows()).toEqual([
      {
        file: join(folder, 'mail.eml'),
        sha256: sha256(MAIL),
        sizeBytes: MAIL.length,
        messageId: '<1@example.net>',
        inReplyTo: [],
        references: [],
        date: '2024-01-02T10:00:00.000Z',
        subject: 'with a file',
        from: [{ name: 'Ann', address: 'ann@example.net' }],
        to: [{ name: '', address: 'help@example.com' }],
        cc: [],
        replyTo: [],
        text: 'Hello',
        html: '<p>Hello</p>',
        reply: 'Hello',
        replyHtml: '<p>Hello</p>',
        kind: 'personal',
        reason: 'kind/none',
        authenticity: { ...NOT_LOOKED_AT },
        mayAnswer: true,
        delivery: null,
        attachments: [
          {
            filename: 'a.pdf',
            contentType: 'application/pdf',
            sizeBytes: 5,
            sha256: sha256('hello'),
            disposition: null,
            contentId: null,
          },
        ],
        defects: [],
        error: null,
      },
    ])
  })

  test('adds the octets of attachments with --content', async () => {
    const { rows } = await run(['mail.eml'], { content: true })
    expect(rows()[0].attachments[0].content).toBe('aGVsbG8=')
  })

  test('explains every file in order, and ends with 65 when one could not be parsed or read', async () => {
    const names = [...Array.from({ length: 10 }, () => 'mail.eml'), 'bad.eml', 'missing.eml', 'mail.eml']
    const { exitCode, rows, err } = await run(names)
    expect(exitCode).toBe(65)
    const explained = rows()
    expect(explained.map(({ file }) => file)).toEqual(names.map((name) => join(folder, name)))
    expect(explained[10]).toMatchObject({ sizeBytes: 17_000_013, error: null })
    expect(explained[10].defects).toContain('header-truncated')
    expect(explained[11].error.code).toBe('message/unreadable')
    expect(explained[12].error).toBeNull()
    expect(err).toContain('missing.eml')
  })

  test('reads standard input where no file is named', async () => {
    const { rows } = await run([], {}, MAIL)
    expect(rows()).toMatchObject([{ file: '-', sha256: sha256(MAIL), subject: 'with a file' }])
  })

  test('without --json prints a summary that cannot drive the terminal', async () => {
    const { out, exitCode } = await run(['rude.eml'], { json: false })
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^subject +\S*\[2Jgone/m)
    expect(out).not.toMatch(/[^\P{Cc}\n]/u)
  })
})
