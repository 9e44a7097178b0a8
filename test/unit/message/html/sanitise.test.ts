import { describe, expect, test } from 'vitest'
import { sanitise, sanitised } from '../../../../src/message/html/sanitise.ts'

const UNCLOSED = Array.from({ length: 200 }, (_, at) => `<p><b title=${at}>`).join('')

describe('sanitise', () => {
  test('keeps what a mail is written with', () => {
    const html = '<p style="color:red">Hello <b>you</b><br>and</p><table><tbody><tr><td>x</td></tr></tbody></table>'
    expect(sanitise(html)).toBe(html)
  })

  test('keeps images that came with the mail, and none from elsewhere', () => {
    expect(sanitise('<img src="cid:a@b"><img src="data:image/png;base64,AA">')).toBe(
      '<img src="cid:a@b"><img src="data:image/png;base64,AA">',
    )
  })

  test.each([
    '<img src="http://x.example/a.png">',
    '<img src="//x.example/a.png">',
    '<img src="data:text/html,<b>">',
    '<img srcset="http://x.example/a.png 2x">',
    '<script>alert(1)</script>',
    '<style>@import url(http://x.example)</style>',
    '<iframe src="http://x.example"></iframe>',
    '<link rel="stylesheet" href="http://x.example">',
    '<meta http-equiv="refresh" content="0;url=http://x.example">',
    '<object data="http://x.example"></object>',
    '<input type="image" src="http://x.example">',
    '<video poster="http://x.example"></video>',
    '<svg><image href="http://x.example"/></svg>',
    '<base href="http://x.example">',
  ])('nothing is left of %s', (html) => {
    expect(sanitise(html)).toBe('')
  })

  test.each([
    ['<p onclick="alert(1)">x</p>', '<p>x</p>'],
    ['<p style="background:url(http://x.example);position:fixed;color:red">x</p>', '<p style="color:red">x</p>'],
    ['<td background="http://x.example">x</td>', '<td>x</td>'],
    ['<form action="http://x.example">x</form>', 'x'],
  ])('of %s only %s is left', (html, kept) => {
    expect(sanitise(html)).toBe(kept)
  })

  test('links open without telling where they were found, and run nothing', () => {
    expect(sanitise('<a href="https://x.example">x</a>')).toBe(
      '<a href="https://x.example/" target="_blank" rel="noopener noreferrer nofollow">x</a>',
    )
    expect(sanitise('<a href="javascript:alert(1)">x</a>')).not.toContain('javascript')
  })

  test.each([
    ['www.x.example/a', 'http://www.x.example/a'],
    ['//x.example/a', 'https://x.example/a'],
    ['HTTPS://X.example/ä b', 'https://x.example/%C3%A4%20b'],
    ['https://bank.example@x.example/', 'https://x.example/'],
    ['https://user:secret@x.example/', 'https://x.example/'],
    ['https://bänk.example/', 'https://xn--bnk-qla.example/'],
    ['mailto:a@x.example?subject=b', 'mailto:a@x.example?subject=b'],
    ['tel:+123', 'tel:+123'],
  ])('a link to %s leads to %s', (href, safe) => {
    expect(sanitise(`<a href="${href}">x</a>`)).toContain(` href="${safe}" `)
  })

  test.each([
    '<form>a<button>b</button></form>',
    '<select><option>a</option></select><textarea>b</textarea>',
    '<noscript>a</noscript><o:p>b</o:p>',
    '<center>a</center><marquee>b</marquee>',
    '<video>a</video><object>b</object>',
    '<svg><text>a</text></svg><math><mi>b</mi></math>',
    '<head>a<body>b',
    '<label>a</label><x-y>b</x-y>',
  ])('the text of %s stays', (html) => {
    expect(sanitise(html).replace(/<[^>]+>/g, '')).toMatch(/^a\s*b$/)
  })

  test.each([
    '<head><title>no</title></head>',
    '<style>no</style><script>no</script>',
    '<template>no</template><iframe>no</iframe><noframes>no</noframes><noembed>no</noembed>',
    '<!--[if mso]>no<![endif]-->',
    '<xml><o:View>no</o:View></xml>',
  ])('nothing is shown of %s', (html) => {
    expect(sanitise(`${html}yes`)).toBe('yes')
  })

  test("keeps the layout of a mailing and of Outlook's mails", () => {
    const cell =
      '<td align="center" width="50%" bgcolor="#ffffff" style="padding:10px 25px;font-family:\'Segoe UI\',Arial;line-height:1.5;border-top:1px solid #ccc">x</td>'
    const html = `<table border="0" cellpadding="0" cellspacing="0" width="600"><tbody><tr>${cell}</tr></tbody></table>`
    expect(sanitise(html)).toBe(html)
    const outlook = '<p style="margin-left:36.0pt"><span style="font-size:11.0pt;color:windowtext">x</span></p>'
    expect(sanitise(outlook)).toBe(outlook)
  })

  test('keeps the colours of the page, without which white text could not be read', () => {
    expect(sanitise('<html><body bgcolor="#000" text="white" style="margin:-9px">x</body></html>')).toBe(
      '<div style="background-color:#000;color:white">x</div>',
    )
    expect(sanitise('<p style="background:#000 url(http://x.example) repeat-x;color:#fff !important">x</p>')).toBe(
      '<p style="background-color:#000;color:#fff">x</p>',
    )
  })

  test('an image that is not shown leaves its text', () => {
    expect(sanitise('<img src="http://x.example/a.png" alt="50 % <off>"> today')).toBe(
      '<span title="image not shown">50 % &lt;off&gt;</span> today',
    )
  })

  test('counts what would have been fetched', () => {
    const remote =
      '<link rel=stylesheet href=a.css><table background=a.png><tr><td style="background:url(a.png)"><img src=http://x.example>'
    const local = '<img src="cid:a"><img src="data:image/png;base64,AA"><img><a href="https://x.example">x</a><p>'
    expect(sanitised(remote + local).remoteContentBlocked).toBe(4)
  })

  test('an end tag too many or too few ends nothing of the page around it', () => {
    expect(sanitise('<dd><div><dd>x')).toBe('<dd><div></div></dd><dd>x</dd>')
    expect(sanitise('<table><div><table><tr><td>x')).toBe(
      '<div></div><table></table><table><tbody><tr><td>x</td></tr></tbody></table>',
    )
  })

  test('what is longer than the limit is cut, and says so', () => {
    const { html, shortened } = sanitised('word '.repeat(1_000_000))
    expect(shortened).toBe('cut')
    expect(html.length).toBeLessThanOrEqual(2 * 1024 * 1024)
  })

  test.each([
    ['deep nesting', '<div>'.repeat(400_000)],
    ['nesting that unmatched end tags hide', '<b></x>'.repeat(200_000)],
    ['nesting that end tags in attributes hide', '<b title="</b>">'.repeat(100_000)],
    ['nesting that end tags in comments hide', '<b><!--</b>-->'.repeat(100_000)],
    ['items that do not close each other', '<dd><font>'.repeat(100_000)],
    ['cells that do not close each other', '<td><p>'.repeat(100_000)],
    ['more elements than can be laid out', '<br>'.repeat(200_000)],
    ['formatting that a browser repeats in each block', `<div>${UNCLOSED}</div>`.repeat(100)],
  ])('%s is shown as text', (_, html) => {
    expect(sanitised(`${html}a &lt; b`)).toMatchObject({ html: '<p>a &lt; b</p>', shortened: 'text' })
  })

  test.each([
    ['attributes', `<p ${Array.from({ length: 100_000 }, (_, at) => `a${at}=1`).join(' ')}>`],
    ['a style', `<p style="${'color:red;'.repeat(100_000)}">`],
    ['font families', `<p style="font-family:${'a ,'.repeat(100_000)}!">`],
    ['comments', '<!--'.repeat(200_000)],
    ['CDATA sections', '<![CDATA['.repeat(50_000)],
    ['conditions', '<![if x'.repeat(100_000)],
    ['ampersands', '&'.repeat(500_000)],
    ['unknown entities', '&notit;'.repeat(50_000)],
    ['angle brackets', '<'.repeat(300_000)],
    ['open quotes', '<a "'.repeat(100_000)],
    ['forms', '<form>'.repeat(100_000)],
    ['unmatched end tags', '<p></b>'.repeat(30_000)],
    ['links', '<a href="http://a@b/">x'.repeat(30_000)],
    ['noscript', '<noscript></p></noscript>'.repeat(20_000)],
    ['unmatched end tags at depth', `${'<div>'.repeat(480)}${'</x><i></i>'.repeat(50_000)}`],
  ])('%s by the thousands are done with', (_, html) => {
    // Quadratic would be minutes.
    expect(sanitise(html)).not.toContain('<script')
  })
})
