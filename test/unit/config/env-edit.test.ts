import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { quoteEnv, withoutSettings, withSettings } from '../../../src/config/env-edit.ts'
import { readText, writeSecretFile } from '../../../src/config/env-write.ts'
import { mountSmallDisk } from '../../support/small-disk.ts'

const HEADING = 'Mailbox SALES, by hand'

const ODD = [
  '# mine, with a quote: "',
  'export HTTP_PORT=9000   # trailing',
  '',
  "MOTTO='three",
  'MAILBOX_SALES_URL=not a setting, but a line of the motto',
  "lines'",
  'MAILBOX_SALES_PASSWORD=',
  'LOG_LEVEL="debug"',
  '',
].join('\n')

describe('quoting', () => {
  test('Node reads back whatever can be written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
        const quoted = quoteEnv(value)
        if (quoted !== null)
          expect(parseEnv(`BEFORE=1\nA=${quoted}\nAFTER=2\n`)).toEqual({ BEFORE: '1', A: value, AFTER: '2' })
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['plain-1@example.com', 'plain-1@example.com'],
    ['two words', "'two words'"],
    ['a#b', "'a#b'"],
    ["it's", "`it's`"],
    ["it's `this`", '"it\'s `this`"'],
    ['a\'b`c"d', 'a\'b`c"d'],
    ["'`\\n", null],
    ['\'`"#', null],
    [' space', null],
    ['two\nlines', null],
  ])('%j is written %s', (value, quoted) => {
    expect(quoteEnv(value)).toBe(quoted)
  })
})

describe('a file of settings', () => {
  test('keeps everything else, octet for octet, and never has a name twice', () => {
    const edited = withSettings(ODD, HEADING, {
      MAILBOX_SALES_URL: 'pop3s://a@b.example',
      MAILBOX_SALES_PASSWORD: 'a b',
    })
    const kept = ODD.replace('MAILBOX_SALES_PASSWORD=\n', '')
    expect(edited).toBe(`${kept}\n# ${HEADING}\nMAILBOX_SALES_URL=pop3s://a@b.example\nMAILBOX_SALES_PASSWORD='a b'\n`)
    expect(withoutSettings(edited, HEADING, ['MAILBOX_SALES_URL', 'MAILBOX_SALES_PASSWORD'])).toBe(kept)
  })

  test('keeps its line ends, and gets one where the last line has none', () => {
    expect(withSettings('A=1\r\nB=2', HEADING, { C: '3' })).toBe(`A=1\r\nB=2\r\n\r\n# ${HEADING}\r\nC=3\r\n`)
    expect(withSettings('', HEADING, { C: '3' })).toBe(`# ${HEADING}\nC=3\n`)
  })

  test('loses only what was asked for, also where it goes on over lines, and the comment only with its settings', () => {
    const text = `# ${HEADING}\nA="one\ntwo"\nB=2\n\n# ${HEADING}\nC=3\n`
    expect(withoutSettings(text, HEADING, ['A'])).toBe(`B=2\n\n# ${HEADING}\nC=3\n`)
    expect(withoutSettings(text, HEADING, ['B'])).toBe(`# ${HEADING}\nA="one\ntwo"\n\n# ${HEADING}\nC=3\n`)
    expect(withoutSettings(text, HEADING, ['A', 'B', 'C'])).toBe('')
  })
})

describe('writing it', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mailchute-env-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('leaves it to its owner alone, a link a link, and nothing behind', () => {
    const real = path.join(folder, 'real')
    const link = path.join(folder, '.env')
    writeFileSync(real, 'A=1\n', { mode: 0o644 })
    symlinkSync(real, link)
    writeSecretFile(link, 'A=2\n')
    expect(readFileSync(real, 'utf8')).toBe('A=2\n')
    expect(readlinkSync(link)).toBe(real)
    expect(statSync(real).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).sort()).toEqual(['.env', 'real'])
  })

  test('leaves the old one where the disk takes only a part of the new one', async () => {
    await using disk = await mountSmallDisk(256 * 1024)
    // Only root may mount one.
    if (disk === null) return
    const file = path.join(disk.folder, '.env')
    writeFileSync(file, 'A=1\n')
    await disk.fill(8192)
    expect(() => writeSecretFile(file, `A=${'2'.repeat(64 * 1024)}\n`)).toThrow(
      expect.objectContaining({ code: 'config/not-written' }),
    )
    expect(readFileSync(file, 'utf8')).toBe('A=1\n')
    expect(readdirSync(disk.folder)).toEqual(['.env'])
  })

  test('says so where it cannot', () => {
    expect(() => writeSecretFile(path.join(folder, 'missing', '.env'), 'A=1\n')).toThrow(
      expect.objectContaining({ code: 'config/not-written' }),
    )
    expect(readText(path.join(folder, '.env'))).toBe('')
    expect(() => readText(folder)).toThrow(expect.objectContaining({ code: 'config/not-written' }))
  })
})
