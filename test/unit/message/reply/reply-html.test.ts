import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { htmlToText } from '../../../../src/message/html/html-text.ts'
import { sanitise } from '../../../../src/message/html/sanitise.ts'
import { replyOf } from '../../../../src/message/reply/reply.ts'
import { growsLinearly } from '../../../support/growth.ts'

/** As it comes to be shown; white space between tags does not show. */
const replyTo = (html: string, text = htmlToText(html), subject = 'Re: question') => {
  const { reply, replyHtml } = replyOf({ text, html, subject })
  return { reply, shown: sanitise(replyHtml ?? '').trim() }
}

const NONSENSE = 'Zzyzx qwx 3, blah Ann blah'
const FIELDS = '<b>Blah:</b> Ann<br><b>Blub:</b> 3<br>'
const CITED = '<blockquote type="cite"><div>first</div><div>second</div></blockquote>'

describe('where a mail program marks the quotation, no language needs to be known', () => {
  test.each([
    [
      'Gmail',
      `<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">${NONSENSE}<br></div><blockquote class="gmail_quote">first</blockquote></div>`,
    ],
    ['Apple Mail', `<div><br>${CITED}</div>`],
    ['Thunderbird', `<div class="moz-cite-prefix">${NONSENSE}<br></div>${CITED}`],
    [
      'Outlook on the web',
      `<div id="appendonsend"></div><hr><div id="divRplyFwdMsg" dir="ltr">${FIELDS}</div><div>first</div>`,
    ],
    [
      'Outlook for Windows',
      `<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">${FIELDS}</p></div></div><p class="MsoNormal">first</p>`,
    ],
    [
      'Outlook on telephones',
      `<div id="mail-editor-reference-message-container"><div>${FIELDS}</div><div>first</div></div>`,
    ],
    ['Outlook for Mac', `<span id="OLK_SRC_BODY_SECTION"><div>${FIELDS}</div>first</span>`],
    ['Yahoo', `<div id="ydp1yahoo_quoted_2" class="yahoo_quoted"><div>${NONSENSE}</div><div>first</div></div>`],
    [
      'Proton',
      `<div class="protonmail_quote">${NONSENSE}<br><blockquote class="protonmail_quote" type="cite">first</blockquote></div>`,
    ],
    [
      'Zimbra',
      `<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">${FIELDS}</div><div>first</div>`,
    ],
    ['Spark', `<div name="messageReplySection">${NONSENSE}<br><blockquote type="cite">first</blockquote></div>`],
    ['Front', `<br><blockquote type="cite" class="front-blockquote">first</blockquote>`],
    ['Roundcube', `<p id="reply-intro">${NONSENSE}</p>${CITED}`],
    ['Zoho', `<div class="zmail_extra" style="border-top: 1px solid"><div>${NONSENSE}</div><div>first</div></div>`],
  ])('%s', (_, quoted) => {
    const html = `<html><body><div dir="ltr">Thank <b>you</b> &amp; g&uuml;n.</div>${quoted}</body></html>`
    const expected = { reply: 'Thank you & gün.', shown: '<div dir="ltr">Thank <b>you</b> &amp; gün.</div>' }
    expect(replyTo(html)).toEqual(expected)
    const plain = `Thank *you* & gün.\r\n\r\n${htmlToText(quoted).replaceAll(/^> ?/gm, '')}\r\n`
    expect(replyTo(html, plain)).toEqual({ ...expected, reply: 'Thank *you* & gün.' })
  })

  test('a link written out in the text does not hide the place', () => {
    const html = `<div>See <a href="https://example.com/a">this</a>.</div><div id="divRplyFwdMsg">${FIELDS}</div><div>first</div>`
    expect(replyTo(html, 'See this<https://example.com/a>.\n\nBlah: Ann\nBlub: 3\n\nfirst').reply).toBe(
      'See this<https://example.com/a>.',
    )
  })

  test('answers between what is quoted stay', () => {
    const html = `<div>Hello</div><div class="gmail_quote"><div class="gmail_attr">${NONSENSE}</div><blockquote class="gmail_quote">one?</blockquote><div>Yes.</div><blockquote class="gmail_quote">two?</blockquote></div>`
    const { reply, shown } = replyTo(html)
    expect(reply).toBe(`Hello\n${NONSENSE}\n\n> one?\n\nYes.`)
    expect(shown).toContain('one?')
    expect(shown).toContain('Yes.')
    expect(shown).not.toContain('two?')
  })

  test('a mail that is passed on stays', () => {
    const html = `<div>See</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>${FIELDS}</div>first</div>`
    expect(replyTo(html).reply).toBe(htmlToText(html))
    const outlook = `<div>See</div><div id="divRplyFwdMsg">${FIELDS}</div>first`
    expect(replyTo(outlook, htmlToText(outlook), 'FW: question').reply).toBe(htmlToText(outlook))
  })

  test('nothing above the quotation: all of it is the reply', () => {
    const html = `<div id="divRplyFwdMsg">${FIELDS}</div><div>first</div>`
    expect(replyTo(html)).toEqual({ reply: htmlToText(html), shown: sanitise(html) })
  })
})

describe('the same part of the HTML', () => {
  test('ends where the text does, where only the text tells the place', () => {
    const html =
      '<p>Thank you.</p><p>--&nbsp;<br>Bob</p><p>On 3 Nov 2026 at 10:12, Ann &lt;ann@example.net&gt; wrote:</p><p>first</p>'
    expect(replyTo(html)).toEqual({ reply: 'Thank you.', shown: '<p>Thank you.</p>' })
  })

  test('ends within an element where the text does', () => {
    expect(replyTo('<pre>Thank you &amp; bye.\n\n-- \nBob</pre>', 'Thank you & bye.\n\n-- \nBob').shown).toBe(
      '<pre>Thank you &amp; bye.</pre>',
    )
  })

  test('keeps the images below the words', () => {
    const html =
      '<div>See this.</div><img src="cid:1"><div class="moz-cite-prefix">On 3 Nov 2026 at 10:12, Ann wrote:</div><blockquote type="cite">first</blockquote>'
    expect(replyTo(html).shown).toBe('<div>See this.</div><img src="cid:1">')
  })

  test('is all of it where the text is, and where the words are not in it', () => {
    expect(replyOf({ text: 'Hello', html: '<p>Hello</p><img src="cid:1">', subject: '' }).replyHtml).toBe(
      '<p>Hello</p><img src="cid:1">',
    )
    const html = '<p>other words</p>'
    expect(replyOf({ text: 'Hello\n\n-- \nBob', html, subject: '' })).toEqual({ reply: 'Hello', replyHtml: html })
  })

  test('leaves out a signature that a program marks', () => {
    const html =
      '<div dir="ltr">Thank you.<br><div class="gmail_signature" data-smartmail="gmail_signature"><div>Bob<br>Example Corp</div></div></div>'
    expect(replyTo(html)).toEqual({ reply: 'Thank you.', shown: '<div dir="ltr">Thank you.</div>' })
  })

  /** Built here, for it takes seconds. */
  const piece = fc.oneof(
    fc.constantFrom(
      '<div class="gmail_quote">',
      '<blockquote type=cite>',
      '</blockquote>',
      '</div>',
      '<div id="divRplyFwdMsg">',
      '<img src="',
      '<!--',
      '&amp;',
      '&',
      '<',
      '>',
      '"',
      "'",
    ),
    fc.constantFrom(
      'Hello',
      'Thank you',
      'On 3 Nov 2026, Ann <a@b.c> wrote:',
      '<div class=gmail_signature>',
      '<script>',
      '-- ',
      '\n',
      '<br>',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )

  test('any HTML and text: it is a start of the HTML, the reply as without it or shorter', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 25 }),
        fc.option(fc.array(piece, { maxLength: 10 }), { nil: null }),
        (pieces, other) => {
          const html = pieces.join('')
          const text = other === null ? htmlToText(html) : other.join('')
          const { reply, replyHtml } = replyOf({ text, html, subject: '' })
          return html.startsWith(replyHtml ?? '-') && ((reply ?? '').trim() === '') === (text.trim() === '')
        },
      ),
      { numRuns: 100 },
    )
  })

  test.each([
    '<',
    '<a "',
    '<a ">"',
    "<a '>",
    '<div class=gmail_quote>',
    '<div class="gmail_signature">',
    '<blockquote type=cite>',
    '&amp;',
    '<!--',
    '<script>',
    '<img>',
    'class="',
    '<a class="gmail_',
    'a ',
    '</div>',
    '<p id=',
  ])('%j repeated takes no longer than its length demands', (part) => {
    const read = (length: number) => {
      const html = `<p>Hello</p><b class=gmail_quotes></b>${part.repeat(length / part.length)}`
      replyOf({ text: 'Hello\n\n-- \nBob', html, subject: '' })
    }
    expect(growsLinearly(read, 125_000)).toBe(true)
  })
})
