import { describe, expect, test } from 'vitest'
import { type EmbeddablePart, htmlWithImages, imageReferences } from '../../../../src/message/html/embedded.ts'

const png = (about: Partial<EmbeddablePart>): EmbeddablePart => ({
  filename: null,
  contentType: 'image/png',
  contentId: null,
  ...about,
})

describe('imageReferences', () => {
  const parts = [
    { ...png({ contentId: 'doc@x' }), contentType: 'application/pdf' },
    png({ contentId: 'logo@x', filename: 'logo.png' }),
    png({ contentId: 'LOGO@X' }),
    png({ contentId: 'logo@x' }),
    png({ contentId: '<with brackets@x>' }),
    png({ filename: 'Image001.png' }),
    png({ contentLocation: 'http://x.example/a%20b.png' }),
    png({ contentLocation: 'pics/c d.png' }),
    { ...png({ contentId: 'svg@x' }), contentType: 'image/svg+xml' },
  ]
  const positionOf = imageReferences(parts)

  test.each([
    ['cid:logo@x', 1],
    ['CID:logo@x', 1],
    [' cid:logo%40x ', 1],
    ['cid:<logo@x>', 1],
    ['cid:LOGO@X', 2],
    ['cid:Logo@X', 1],
    ['cid:withbrackets@x', 4],
    ['cid:with%20brackets@x', 4],
    ['cid:image001.png@01D9', 5],
    ['cid:image001.png', 5],
    ['image001.png', 5],
    ['./pics/IMAGE001.PNG', 5],
    ['folder\\Image001.png', 5],
    ['http://x.example/a%20b.png', 6],
    ['pics/c%20d.png', 7],
  ])('%s is attachment %i (RFC 2392, RFC 2557)', (src, position) => {
    expect(positionOf(src)).toBe(position)
  })

  test.each([
    'cid:doc@x',
    'cid:svg@x',
    'cid:none@x',
    'cid:',
    'cid:%',
    '',
    '/image001.png',
    'http://x.example/image001.png',
    '//x.example/image001.png',
    'file:///c:/image001.png',
    'none.png',
  ])('%j is none: not a raster image, not there, or elsewhere', (src) => {
    expect(positionOf(src)).toBeNull()
  })
})

describe('htmlWithImages', () => {
  const parts = [png({ contentId: 'a@x' }), png({ filename: 'b.png' }), png({ contentId: 'c@x' })]

  test('shows the images at the URLs of the page, and tells which of the attachments they are', () => {
    const { html, embedded, remoteContentBlocked } = htmlWithImages(
      '<img src="cid:a@x"><img src="b.png" alt="b"><img src="https://x.example/c.png" alt="far"><img src="cid:gone" alt="gone">',
      parts,
      (position) => `/attachments/${position}`,
    )
    expect(html).toBe(
      '<img src="/attachments/0"><img src="/attachments/1" alt="b">' +
        '<span title="image not shown">far</span><span title="image not shown">gone</span>',
    )
    expect([...embedded]).toEqual([0, 1])
    expect(remoteContentBlocked).toBe(1)
  })

  test('a sender cannot write the URLs of the page himself', () => {
    expect(htmlWithImages('<img src="/attachments/0" alt="x">', parts, (n) => `/attachments/${n}`).html).toBe(
      '<span title="image not shown">x</span>',
    )
  })

  test('without a page the images keep their Content-IDs', () => {
    expect(htmlWithImages('<img src="CID:%61@x">', parts).html).toBe('<img src="cid:a@x">')
  })
})
