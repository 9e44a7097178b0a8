/** Mails that try to be a program in the page that shows them, in each place that a page shows. */

export const VECTORS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(2)>',
  "'-alert(3)-'",
  '<svg/onload=alert(4)>',
  '</title></textarea></pre></style><script>alert(5)</script>',
  'javascript:alert(6)',
  '<iframe srcdoc="<script>parent.alert(7)</script>">',
] as const

const HTML_BODY = `<p onclick="alert(8)">hostile-canary</p><script>alert(9)</script><img src="x" onerror="alert(10)">
<img src="http://tracker.example/pixel.gif"><a href="javascript:alert(11)">here</a><form action="/logout" method="post"><button>go</button></form>
<style>@import url(http://tracker.example/a.css); p { background: url(http://tracker.example/b.gif) }</style>
<meta http-equiv="refresh" content="0;url=http://tracker.example/"><base href="http://tracker.example/"><object data="/"></object>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(12)&gt;">
<img src="cid:svg@evil.example"><iframe src="/"></iframe>`

const encoded = (text: string): string => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`

/** One mail a vector, each with all of its fields, its HTML and its attachments hostile. */
export const hostileMails = (): Buffer[] => VECTORS.map(hostileMail)

function hostileMail(vector: string, index: number): Buffer {
  const file = `name="${encoded(`${vector}.html`)}"`
  return Buffer.from(
    [
      `From: ${encoded(vector)} <"${vector.replace(/["\\<>]/g, '')}${index}"@evil.example>`,
      `To: ${encoded(vector)} <support@mailchute.example>`,
      `Cc: ${encoded(vector)} <cc@evil.example>`,
      `Subject: ${encoded(`hostile${index} ${vector}`)}`,
      `Message-ID: <${vector.replace(/[\s<>]/g, '')}.${index}@evil.example>`,
      `X-${index}: ${vector}`,
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/html; charset=utf-8',
      '',
      HTML_BODY + vector,
      '--b',
      `Content-Type: text/html; ${file}`,
      `Content-Disposition: attachment; file${file}`,
      '',
      '<script>alert(13)</script>',
      '--b',
      'Content-Type: image/svg+xml; name="a.svg"',
      'Content-ID: <svg@evil.example>',
      'Content-Disposition: inline; filename="a.svg"',
      '',
      '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(14)</script></svg>',
      '--b--',
      '',
    ].join('\r\n'),
  )
}
