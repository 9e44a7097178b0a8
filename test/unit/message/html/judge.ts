/**
 * Reads HTML as a browser does, with a parser that the sanitiser knows nothing of, and tells what is wrong with it. What is
 * right is listed here once more, on purpose: a slip in the sanitiser's own lists must show.
 */
import { type DefaultTreeAdapterTypes, parse } from 'parse5'

type Element = DefaultTreeAdapterTypes.Element
type Node = DefaultTreeAdapterTypes.ChildNode

const HTML = 'http://www.w3.org/1999/xhtml'
const TAGS = new Set(
  (
    'a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn ' +
    'dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre ' +
    'q rp rt ruby s samp section small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr'
  ).split(' '),
)
const PLAIN_ATTRIBUTES = new Set(
  (
    'dir lang title align valign bgcolor alt width height border hspace vspace color face size bordercolor cellpadding ' +
    'cellspacing rules frame summary colspan rowspan nowrap headers scope span start type reversed value noshade'
  ).split(' '),
)
const STYLE = /^[a-z-]+:[^;:\\@<>{}]+(?:;[a-z-]+:[^;:\\@<>{}]+)*$/
const STYLE_FUNCTION = /([\w-]*)\(/g
const BAD_STYLE = /position|z-index|transform|expression|binding|behavior|javascript|var\(|:-|[ ,]-\d/i

const CHECKS: Record<string, (value: string, element: Element) => boolean> = {
  href: (value) => URL.canParse(value) && /^(?:https?:\/\/[^/@]+(?:[/?#]|$)|mailto:|tel:)/.test(value),
  target: (value) => value === '_blank',
  rel: (value) => value === 'noopener noreferrer nofollow',
  src: (value) => /^(?:cid:|data:image\/(?:png|gif|jpeg);base64,[a-zA-Z0-9+/=\s]*$)/i.test(value),
  style: (value) =>
    STYLE.test(value) &&
    !BAD_STYLE.test(value) &&
    [...value.matchAll(STYLE_FUNCTION)].every(([, name = '']) => /^(?:rgb|hsl)a?$/i.test(name)),
}

/** With scripts on and off: what `noscript` holds depends on it. */
export function problems(html: string): string[] {
  return [true, false].flatMap((scriptingEnabled) => problemsWhere(html, scriptingEnabled))
}

function problemsWhere(html: string, scriptingEnabled: boolean): string[] {
  const page = `<!DOCTYPE html><html><body><div title="mail">${html}</div><div title="after">after</div></body></html>`
  const body = bodyOf(parse(page, { scriptingEnabled }).childNodes)
  const [mail, after, ...others] = body?.childNodes ?? []
  const found: string[] = []
  if (others.length > 0 || !isDiv(mail, 'mail') || !isDiv(after, 'after')) found.push('breaks out of its place')
  else if (after.childNodes.length !== 1 || after.childNodes[0]?.nodeName !== '#text')
    found.push('formats what follows')
  for (const node of body?.childNodes ?? []) collect(node, found)
  return found
}

function bodyOf(nodes: readonly Node[]): Element | undefined {
  const root = nodes.find((node): node is Element => node.nodeName === 'html')
  return root?.childNodes.find((node): node is Element => node.nodeName === 'body')
}

const isDiv = (node: Node | undefined, title: string): node is Element =>
  node !== undefined && 'attrs' in node && node.tagName === 'div' && node.attrs[0]?.value === title

function collect(root: Node, found: string[]): void {
  const open = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.nodeName === '#text') continue
    if (!('attrs' in node)) found.push(`a ${node.nodeName}`)
    else {
      if (node.namespaceURI !== HTML || !TAGS.has(node.tagName)) found.push(`<${node.tagName}> of ${node.namespaceURI}`)
      for (const { name, value } of node.attrs) {
        const isFine = CHECKS[name]?.(value, node) ?? PLAIN_ATTRIBUTES.has(name)
        if (!isFine) found.push(`${name}=${value}`)
      }
      open.push(...node.childNodes)
    }
  }
}
