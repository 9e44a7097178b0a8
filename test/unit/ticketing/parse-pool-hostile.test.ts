import { afterAll, describe, expect, test } from 'vitest'
import { createParsePool } from '../../../src/ticketing/parse-pool.ts'

const MIB = 1024 * 1024
const forever = new AbortController().signal
const pool = createParsePool({ threads: 2, heapMib: 128, timeLimitSeconds: () => 60 })
afterAll(() => pool.close())

/** A block over and over, made while it is read. */
function repeated(head: string, block: string, count: number, tail = '') {
  const perChunk = Math.max(1, Math.floor((64 * 1024) / block.length))
  const chunk = Buffer.from(block.repeat(perChunk), 'latin1')
  return {
    sizeBytes: head.length + block.length * count + tail.length,
    octets: async function* () {
      yield Buffer.from(head)
      for (let left = count; left > 0; left -= perChunk)
        yield chunk.subarray(0, Math.min(left, perChunk) * block.length)
      if (tail !== '') yield Buffer.from(tail)
    },
  }
}

const H = 'From: a@x.example\r\nSubject: hello\r\n'
const MIXED = `${H}Content-Type: multipart/mixed; boundary=b\r\n\r\n`
const LONG = 'x'.repeat(60)

const levels = (count: number, boundary: (level: number) => string): string =>
  Array.from({ length: count }, (_, level) => boundary(level))
    .map((name) => `Content-Type: multipart/mixed; boundary="${name}"\r\n\r\n--${name}\r\n`)
    .join('')

function enclosedInBase64(times: number): string {
  let mail = 'Subject: inner\r\n\r\nhi'
  for (let time = 0; time < times; time++) {
    mail = `Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(mail).toString('base64')}`
  }
  return mail
}

/** The limits of the pool are what bounds time and memory: what exceeds them comes out as `parsed-barely`. */
describe('hostile mail in the parse pool is read within its limits', () => {
  test.each([
    [
      '10,000 parts',
      repeated(MIXED, '--b\r\nContent-Type: image/png\r\n\r\nx\r\n', 10_000, '--b--'),
      'attachments-truncated',
    ],
    ['200,000 parts', repeated(MIXED, '--b\r\n\r\nx\r\n', 200_000, '--b--'), 'parts-truncated'],
    ['10,000 levels', repeated(H + levels(10_000, String), 'hi', 1), 'depth-truncated'],
    ['a header of 100 MB', repeated(H, `X-Filler: ${LONG}\r\n`, (100 * MIB) / 72, '\r\nhi'), 'header-truncated'],
    ['a header of 20,000,000 fields', repeated(H, 'a:\r\n', 20_000_000, '\r\nhi'), 'header-truncated'],
    ['mails in mails in base64', repeated(H + enclosedInBase64(12), '\r\n', 1), 'file-name-made'],
    [
      '200,000 recipients',
      repeated(`${H}To: `, 'A B <a@x.example>,\r\n ', 200_000, 'c@x.example\r\n\r\nhi'),
      'addresses-truncated',
    ],
    ['a line of 50 MB', repeated(`${H}\r\n`, 'xxxxxxxxxx', 5 * MIB), 'text-truncated'],
    ['a field of 50 MB', repeated(`${H}X-Long: `, 'xxxxxxxxxx', 5 * MIB, '\r\n\r\nhi'), 'header-truncated'],
    ['1,000,000 encoded words', repeated(`${H}To: `, '=?utf-8?q?a?= ', 1_000_000, '\r\n\r\nhi'), 'header-truncated'],
    ['words without an end', repeated(`${H}To: x`, '=?utf-8?q?a', 500_000, '\r\n\r\nhi'), 'message-id-missing'],
    [
      'lines that begin like all of 99 boundaries',
      repeated(H + levels(99, (level) => LONG + level), `--${LONG}\r\n`, 200_000),
      'text-truncated',
    ],
    [
      '100,000 References',
      repeated(`${H}References:`, `\r\n <${LONG}@x.example>`, 100_000, '\r\n\r\nhi'),
      'message-id-missing',
    ],
    ['6 MB of CR', repeated(`${H}\r\n`, '\r', 6 * MIB), 'text-truncated'],
    ['6 MB of NUL', repeated(`${H}\r\n`, '\0', 6 * MIB), 'text-truncated'],
    ['2,000,000 words of HTML', repeated(`${H}Content-Type: text/html\r\n\r\n`, 'a\n', 2 * MIB), 'date-missing'],
    [
      '4,000,000 empty lines, flowed',
      repeated(`${H}Content-Type: text/plain; format=flowed\r\n\r\n`, '\n', 4_000_000),
      'date-missing',
    ],
    [
      'a part with a header of 2,000,000 lines',
      repeated(`${MIXED}--b\r\n`, 'a:\n', 2_000_000, '\nhi\r\n--b--'),
      'header-truncated',
    ],
    [
      'a name of 7 MB in quotes',
      repeated(`${H}Reply-To: "`, 'a ', 3_500_000, '" <a@x.example>\r\n\r\nhi'),
      'addresses-truncated',
    ],
    ['padding all over', repeated(`${H}Content-Transfer-Encoding: base64\r\n\r\n`, 'YQ==\r\n', MIB), 'base64-broken'],
  ])('%s', async (_, source, defect) => {
    const message = await pool.parse(source, forever)
    expect(message).toMatchObject({ subject: 'hello', from: [{ address: 'a@x.example' }] })
    expect(message.defects).toContain(defect)
    expect(message.defects).not.toContain('parsed-barely')
  })
})
