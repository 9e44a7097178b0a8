import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contentDisposition } from '../../../src/console/pages/message/content-disposition.ts'

describe('Content-Disposition (RFC 6266)', () => {
  test.each([
    ['report.pdf', `attachment; filename="report.pdf"; filename*=UTF-8''report.pdf`],
    [
      'Übersicht "neu".pdf',
      `attachment; filename="_bersicht _neu_.pdf"; filename*=UTF-8''%C3%9Cbersicht%20%22neu%22.pdf`,
    ],
    [
      'a\r\nSet-Cookie: x=y.html',
      `attachment; filename="a Set-Cookie: x=y.html"; filename*=UTF-8''a%20Set-Cookie%3A%20x%3Dy.html`,
    ],
    ['../../etc/passwd', `attachment; filename="etcpasswd"; filename*=UTF-8''etcpasswd`],
    ["it's (1)*.txt", `attachment; filename="it's (1)*.txt"; filename*=UTF-8''it%27s%20%281%29%2A.txt`],
    [null, `attachment; filename="attachment"; filename*=UTF-8''attachment`],
  ])('of %j', (name, expected) => {
    expect(contentDisposition('attachment', name)).toBe(expected)
  })

  test('whatever a stranger calls his file, it is one header field of printable ASCII, and the name comes back whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const field = contentDisposition('attachment', name)
        const [, extended = ''] =
          /^attachment; filename="[\x20!\x23-\x5b\x5d-\x7e]*"; filename\*=UTF-8''([A-Za-z0-9!#$&+^_`|~.%-]+)$/.exec(
            field,
          ) ?? []
        expect(extended).not.toBe('')
        expect(decodeURIComponent(extended)).not.toMatch(/[/\\\p{Cc}]/u)
      }),
    )
  })
})
