import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { htmlToText } from '../../../../src/message/html/html-text.ts'
import { growsLinearly } from '../../../support/growth.ts'

describe('htmlToText', () => {
  test.each([
    ['<p>Hello <b>you</b></p><p>Bye</p>', 'Hello you\n\nBye'],
    ['one<br>two<br/><br>three', 'one\ntwo\n\nthree'],
    ['<div>one</div><div>two</div>', 'one\ntwo'],
    ['<ul><li>a</li><li>b</li></ul>', '- a\n- b'],
    ['<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>', 'a\tb\nc'],
    ['yes<blockquote>was<br>it</blockquote>no', 'yes\n\n> was\n> it\n\nno'],
    ['<style>p { a > b }</style><script>if (1 < 2) x()</script>text<!-- no > -->', 'text'],
    ['<a title="a > b" href=x>link</a>', 'link'],
    ['gr&uuml;n &amp;amp; &#8364; &#x20ac;&nbsp;&bogus; &#0;', 'grün &amp; € € &bogus; \ufffd'],
    ['a < b and  c\n > d', 'a < b and c > d'],
    ['<title>no</title><style>open', ''],
    ['', ''],
  ])('%j reads %j', (html, text) => {
    expect(htmlToText(html)).toBe(text)
  })

  test.each([
    ['ordered lists by their numbers', '<ol start=3><li>a<li>b<li value=9>c</ol>', '3. a\n4. b\n9. c'],
    ['lists in lists, indented', '<ul><li>a<ul><li>b</ul><li>c</ul>d', '- a\n  - b\n- c\n\nd'],
    ['cells with blocks in them, on lines', '<table><tr><td><div>a</div><td>b</table>', 'a\nb'],
    ['preformatted text as it stands', '<pre>a  b\n\n  c &lt;</pre>d', 'a  b\n\n  c <\n\nd'],
    ['paragraphs in a quotation, marked throughout', '<blockquote><p>a<p>b</blockquote>c', '> a\n>\n> b\n\nc'],
    ['quotations in quotations', '<blockquote>a<blockquote>b</blockquote></blockquote>', '> a\n>\n> > b'],
    ["Outlook's paragraphs as lines", '<p class=MsoNormal>a</p><p class="MsoNormal">b<o:p></o:p></p>', 'a\nb'],
    [
      "Outlook's empty paragraphs as empty lines",
      '<p class=MsoNormal>a<p class=MsoNormal>&nbsp;<p class=MsoNormal>b',
      'a\n\nb',
    ],
    [
      'paragraphs without a margin as lines',
      '<p style="margin:0">a</p><p style="color:red;margin: 0">b</p>c',
      'a\nb\nc',
    ],
    ['text beside a paragraph apart', '<p>a</p>b', 'a\n\nb'],
    ['lines of div and br, as Gmail writes them', '<div>a<br></div><div><br></div><div>b</div>', 'a\n\nb'],
    ['no more than one empty line', 'a<br><br><br><br>b', 'a\n\nb'],
    [
      'the names of HTML 5, and those without a semicolon',
      '&CounterClockwiseContourIntegral; &rarr;&apos;&copy 1',
      "∳ →'© 1",
    ],
    ['numbers of windows-1252', '&#128;&#x93;a&#148;', '€“a”'],
    ['what shows only where scripts are off', '<noscript>a</noscript><textarea>b</textarea>', 'ab'],
    ['text of elements nobody knows', '<o:p>a</o:p> <x-y>b</x-y> <marquee>c</marquee> <button>d</button>', 'a b\nc\nd'],
    [
      'nothing of frames, templates and heads',
      '<title>x</title><iframe>x</iframe><template>x</template><xml>x</xml>a',
      'a',
    ],
    [
      "what Outlook's conditions show to others",
      '<!--[if mso]>x<![endif]--><!--[if !mso]><!-->a<!--<![endif]--><![if !mso]>b<![endif]>',
      'ab',
    ],
    ['comments that end at once', '<!-->a<!--->b', 'ab'],
    ['nothing that only pads a preview', 'a&zwnj;&nbsp;&#847;&shy;b<div>&#8203;&zwnj;&nbsp;</div>c', 'a\u200c b\n\nc'],
    ['the joiners that Persian needs', 'می&zwnj;خواهم', 'می\u200cخواهم'],
    ['the wide space of Japanese', '<p>　あ</p>', '　あ'],
    ['emoji that are images, and no other image', '<img alt="😀"><img alt="Logo"><img alt="1">', '😀'],
    ['no address of a link', '<a href="https://x.example">here</a>', 'here'],
  ])('reads %s', (_, html, text) => {
    expect(htmlToText(html)).toBe(text)
  })

  test.each([
    ['<div style="display:none">hidden <div>too</div></div>seen', 'seen'],
    ['<div style="color:red; DISPLAY : none !important"><img><br>x</div>seen', 'seen'],
    ['<p style="display:none">hidden<p>seen', 'seen'],
    ['<table><tr><td style="display:none">hidden<td>seen</table>', 'seen'],
    ['<div style="display:none">all there is</div>', 'all there is'],
    ['seen<div style="display:none">never closed', 'seen\nnever closed'],
    ['<div style="display:block">seen</div>', 'seen'],
    ['<div title="display:none">seen</div>', 'seen'],
  ])('leaves out what is hidden, unless that leaves nothing or hides the rest: %j', (html, text) => {
    expect(htmlToText(html)).toBe(text)
  })

  test('any text gives a string', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (html) => typeof htmlToText(html) === 'string'))
  })

  test.each([
    '<',
    '<b>',
    '<a "',
    "<a '>",
    `<a ">'`,
    '<a "x>"',
    '<!--',
    '<style>',
    '<script',
    '&',
    '<p title="',
    '<td',
    ' ',
    '<xml>',
    '<template>',
    '<div style=display:none>',
    '<p style=display:none>',
    '<li>',
    '<ol><li>',
    '<blockquote><br>a',
    '<pre>\n',
    '&nbsp;',
    '<a style=',
    '<a style="x',
    '</x',
    '<!-->',
    '<![if x',
  ])('megabytes of %j take linear time', (piece) => {
    expect(growsLinearly((length) => htmlToText(piece.repeat(length / piece.length)), 125_000)).toBe(true)
  })
})
