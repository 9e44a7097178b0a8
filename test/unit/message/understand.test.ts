import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { understand } from '../../../src/message/understand.ts'

const BODY =
  'Sorry.\n\n----- Original message -----\nFrom: ann@example.net\nTo: bob@example.net\nSubject: hello\n\nHello\n'
const REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary=b\n'

const understood = (header: string, body: string) =>
  understand(Readable.from([Buffer.from(`From: a@example.net\nSubject: b\n${header}\n${body}`)]))

test('a report keeps what it reports on, an answer leaves out what it answers', async () => {
  const part = `--b\nContent-Type: text/plain\n\n${BODY}\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\nFinal-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\n\n--b--\n`
  expect(await understood('', BODY)).toMatchObject({ kind: 'personal', reply: 'Sorry.' })
  const report = await understood(REPORT, part)
  expect(report).toMatchObject({ kind: 'delivery-status', reply: report.text })
  expect(report.text).toContain('Original message')
})
