import { expect, test } from 'vitest'
import { html } from '../../../src/console/html.ts'

test('what is put into HTML stays text, and turns round nothing beside it', () => {
  const name = '"><script>\u202emoc.live@x\u2066'
  expect(`${html`<p title="${name}">${[name, null, 1]}</p>`}`).toBe(
    '<p title="&quot;&gt;&lt;script&gt;moc.live@x">&quot;&gt;&lt;script&gt;moc.live@x1</p>',
  )
  expect(`${html`${'שלום \u200fعربي'}`}`).toBe('שלום \u200fعربي')
})
