/** What may stay of a mail's HTML: elements that show text, and attributes that lay it out. */

const words = (list: string): string[] => list.split(' ')

export const ALLOWED_TAGS = words(
  'a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn ' +
    'dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p ' +
    'pre q rp rt ruby s samp section small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul ' +
    'var wbr',
)

const CELL = words('colspan rowspan width height nowrap headers scope')

/** No `id`, `class`, `name` or `for`: they would mean something to the page around the mail. */
export const ALLOWED_ATTRIBUTES: Record<string, string[]> = {
  '*': words('style dir lang title align valign bgcolor'),
  a: words('href target rel'),
  img: words('src alt width height border hspace vspace'),
  font: words('color face size'),
  table: words('border bordercolor cellpadding cellspacing width height rules frame summary'),
  tr: words('height'),
  td: CELL,
  th: CELL,
  col: words('span width'),
  colgroup: words('span width'),
  ol: words('start type reversed'),
  ul: words('type'),
  li: words('value type'),
  hr: words('width size noshade color'),
  div: words('width'),
}
