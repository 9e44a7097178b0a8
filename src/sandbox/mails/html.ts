import { attachment, html, letter, mail, multipart, type SampleMail, text } from './compose.ts'
import { SCREENSHOT } from './files.ts'
import { encodedWords } from './transfer.ts'

/** HTML as mail programs write it: alone, with a plain text beside it, with an image inside. */
export function htmlMails(): readonly SampleMail[] {
  return [htmlOnly(), alternative(), inlineImage()]
}

function htmlOnly(): SampleMail {
  const fields = letter(
    'Sofia Lindgren <sofia@nordkaffe.example>',
    encodedWords('Fråga om leverans till Göteborg', 'utf-8', 'Q'),
    '2026-11-03 08:05:00',
    'html-1@nordkaffe.example',
  )
  const body = `<html><head><style>p { font-family: Calibri }</style></head><body>
<p>Hej!</p>
<p>Levererar ni till <b>Göteborg</b> före fredag? Vi behöver:</p>
<ul><li>12 påsar mörkrost</li><li>4 påsar <i>koffeinfritt</i></li></ul>
<p>Se även <a href="https://nordkaffe.example/order?id=17&amp;lang=sv">vår beställning</a>.</p>
<p>Vänliga hälsningar<br>Sofia Lindgren</p>
<img src="https://nordkaffe.example/pixel.gif" width="1" height="1" alt="">
</body></html>
`
  return mail(
    'html-only',
    'HTML and no plain text, with a remote image',
    fields,
    html(body, 'utf-8', 'quoted-printable'),
  )
}

function alternative(): SampleMail {
  const fields = letter(
    'Tom Becker <tom.becker@velo-becker.example>',
    'Change of our billing address',
    '2026-11-03 08:40:00',
    'alternative-1@velo-becker.example',
  )
  const plain = `Hello,

please change our billing address to: Velo Becker, Hafenweg 4, 48155 Münster.

Tom Becker
`
  const rich = `<div dir="ltr">Hello,<div><br></div><div>please change our billing address to: <b>Velo Becker, Hafenweg 4,
48155 M&uuml;nster</b>.</div><div><br></div><div>Tom Becker</div></div>
`
  const parts = [text(plain, 'utf-8', 'quoted-printable'), html(rich, 'utf-8', '7bit')]
  return mail('alternative', 'multipart/alternative: plain text and HTML', fields, multipart('alternative', parts))
}

function inlineImage(): SampleMail {
  const fields = letter(
    'Aisha Okafor <aisha@lagosprint.example>',
    'Wrong colours in the preview (screenshot inside)',
    '2026-11-03 09:00:00',
    'inline-1@lagosprint.example',
  )
  const plain = 'The preview shows these colours, the print does not:\n\n[image: preview.png]\n\nAisha\n'
  const rich = `<p>The preview shows these colours, the print does not:</p>
<p><img src="cid:preview@lagosprint.example" alt="preview.png"></p><p>Aisha</p>
`
  const image = attachment('image/png; name="preview.png"', 'inline; filename="preview.png"', SCREENSHOT, [
    ['Content-ID', '<preview@lagosprint.example>'],
  ])
  const related = multipart('related', [html(rich, 'utf-8', '7bit'), image])
  const part = multipart('alternative', [text(plain, 'utf-8', '7bit'), related])
  return mail('inline-image', 'multipart/related: HTML with an inline PNG by Content-ID', fields, part)
}
