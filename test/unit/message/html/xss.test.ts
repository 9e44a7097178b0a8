import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sanitise, sanitised } from '../../../../src/message/html/sanitise.ts'
import { problems } from './judge.ts'
import { handlers } from './vectors/handlers.ts'
import { namespaces } from './vectors/namespaces.ts'
import { page } from './vectors/page.ts'
import { remote } from './vectors/remote.ts'
import { schemes } from './vectors/schemes.ts'

const VECTORS = [...handlers, ...schemes, ...namespaces, ...remote, ...page]

describe('the judge itself', () => {
  test.each([
    '<script>1</script>',
    '<p onclick=x>y</p>',
    '<a href="javascript:x">y</a>',
    '<a href="https://a@b.example">y</a>',
    '<a href="x">y</a>',
    '<img src="http://x.example">',
    '<p style="background:url(x)">y</p>',
    '<p style="position:fixed">y</p>',
    '<p id=x>y</p>',
    '<svg></svg>',
    '<!-- x -->',
    '</div>x',
    '<b>x',
    '<table><td>',
  ])('finds what is wrong with %s', (html) => {
    expect(problems(html)).not.toEqual([])
  })
})

describe('of hostile HTML a browser makes nothing but text, layout and safe links', () => {
  test('there are enough of it', () => {
    expect(new Set(VECTORS).size).toBeGreaterThan(400)
  })

  test.each(VECTORS)('%j', (html) => {
    const shown = sanitise(html)
    expect(problems(shown), shown).toEqual([])
    expect(sanitise(shown)).toBe(shown)
  })

  test.each(VECTORS)('%j between others', (html) => {
    const shown = sanitise(`<div><table><tr><td><p>before ${html}<p>after</td></tr></table></div>`)
    expect(problems(shown), shown).toEqual([])
  })

  test('all of it in one mail', () => {
    const shown = sanitise(VECTORS.filter((html) => !OPEN_ENDED.test(html)).join('\n'))
    expect(problems(shown)).toEqual([])
  })
})

/** These hide all that follows. */
const OPEN_ENDED = /<(?:style|script|title|textarea|plaintext|iframe|noembed|noframes|xmp|!--)|="[^"]*$|='[^']*$/i

describe('whatever the markup', () => {
  const value = fc.oneof(
    fc.constantFrom(
      'javascript:alert(1)',
      'https://x.example/',
      'cid:a',
      'data:image/png;base64,AA==',
      '//x.example',
      'color:red',
      'background:url(//x.example)',
      'position:fixed',
      '<b>',
      '"',
      "'",
      '</style>',
      '--&gt;',
      '&quot; onerror=&quot;x',
    ),
    fc.string({ maxLength: 8 }),
  )
  const attribute = fc
    .tuple(
      fc.constantFrom('href', 'src', 'style', 'title', 'onclick', 'id', 'class', 'width', 'alt', 'background'),
      value,
      fc.constantFrom('"', "'", ''),
    )
    .map(([name, written, quote]) => ` ${name}=${quote}${written}${quote}`)
  const LAYOUT =
    'p div table tbody tr td th caption col a b i font ul li dl dt dd h1 pre br img hr blockquote center span ruby rt rp ' +
    'form button select option optgroup object body html head nobr marquee o:p image input x-y noscript address s'
  const HOSTILE =
    'script style title textarea xmp template iframe svg math mtext mglyph foreignObject annotation-xml desc frameset ' +
    'plaintext base p/'
  const tag = fc.oneof(
    { weight: 25, arbitrary: fc.constantFrom(...LAYOUT.split(' ')) },
    { weight: 1, arbitrary: fc.constantFrom(...HOSTILE.split(' ')) },
  )
  const piece = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(tag, fc.array(attribute, { maxLength: 3 }))
        .map(([name, attributes]) => `<${name}${attributes.join('')}>`),
    },
    { weight: 4, arbitrary: tag.map((name) => `</${name}>`) },
    { weight: 3, arbitrary: fc.string({ maxLength: 10 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '<!--',
        '-->',
        '--!>',
        '<![CDATA[',
        ']]>',
        '<!',
        '<?x',
        '<',
        '>',
        '&lt;',
        '&#0;',
        '&amp;lt;',
        '\0',
        '\u00a0',
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom(...VECTORS.filter((vector) => !OPEN_ENDED.test(vector))) },
  )
  const html = fc.array(piece, { maxLength: 60, size: 'max' }).map((pieces) => pieces.join(''))

  test('a browser makes nothing else of it', () => {
    fc.assert(
      fc.property(html, (sent) => {
        expect(problems(sanitise(sent))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('sanitising twice is sanitising once', () => {
    fc.assert(
      fc.property(html, (sent) => {
        const { html: shown, shortened } = sanitised(sent)
        expect(shortened).toBeNull()
        expect(sanitise(shown)).toBe(shown)
      }),
      { numRuns: 500 },
    )
  })
})
