/** What the elements of HTML are to a reader. */

const names = (list: string): ReadonlySet<string> => new Set(list.split(' '))

/** What they hold is not shown: it is for machines, or stands for what a mail program cannot have. */
export const UNSEEN = names('script style title template iframe noembed noframes xml')

/** They have no end tag. */
export const VOID = names(
  'area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr',
)

/** Blocks with an empty line before and after them. */
export const PARAGRAPHS = names('p h1 h2 h3 h4 h5 h6 blockquote ul ol dl table pre xmp listing hr figure fieldset')

/** Blocks that begin on a line of their own. */
export const LINES = names(
  'div li tr dt dd address article aside section header footer main nav form center caption legend figcaption ' +
    'details summary option optgroup body html menu dir thead tbody tfoot marquee',
)

/** Rasters: an SVG may hold scripts and further references. */
export const RASTER_IMAGE =
  /^image\/(?:png|apng|jpe?g|pjpeg|gif|webp|bmp|x-ms-bmp|avif|x-png|x-icon|vnd\.microsoft\.icon)$/i
