import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { htmlToText } from '../../../../src/message/html/html-text.ts'

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
  ])('megabytes of %j take linear time', (piece) => {
    const start = performance.now()
    htmlToText(piece.repeat(2_000_000 / piece.length))
    // Some hundred milliseconds; quadratic would be hours.
    expect(performance.now() - start).toBeLessThan(5000)
  })
})
