/** Text in an HTML document: what is not seen is escaped, too. Pure. */
import { visible } from '../text/visible.js'

export function html(text: string): string {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
