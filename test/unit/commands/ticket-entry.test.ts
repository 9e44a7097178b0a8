import { describe, expect, test } from 'vitest'
import { entryText } from '../../../src/commands/ticket-entry.ts'

const ENTRY = {
  text: 'Yes.\n\n> Really?\n> Truly?',
  html: null,
  reply: 'Yes.',
  sentAt: new Date('2026-01-02T03:04:05Z'),
  createdAt: new Date(0),
  fromName: 'Ann',
  fromAddress: 'ann@x.example',
  attachments: [],
}

describe('an entry of a ticket, for people', () => {
  test('is what its writer added, and tells how much was quoted', () => {
    expect(entryText(ENTRY)).toBe(
      '\n2026-01-02T03:04:05.000Z  Ann\n  Yes.\n  [2 lines of quotation and signature: --json shows them]\n',
    )
  })

  test.each([null, '', ' \n'])('is the whole text where no reply was found in it: %j', (reply) => {
    expect(entryText({ ...ENTRY, reply })).toContain('  > Truly?\n')
  })

  test('marks attachments that the HTML shows', () => {
    const image = { filename: 'a.png', contentType: 'image/png', contentId: 'a', sizeBytes: 3 }
    const told = entryText({ ...ENTRY, html: '<img src="cid:a">', attachments: [image, { ...image, contentId: 'b' }] })
    expect(told).toContain('  [a.png, 3 B, shown in the HTML]\n  [a.png, 3 B]\n')
  })

  test('cannot drive the terminal', () => {
    expect(entryText({ ...ENTRY, reply: '\x1b[2J\u202e', fromName: '\x07x' }).replaceAll('\n', '')).not.toMatch(
      /[\p{Cc}\p{Cf}]/u,
    )
  })
})
