/**
 * The style of a report's page and of a statement: the colours and the type of the console, light and dark, narrow screens,
 * and A4, where each table is whole or repeats its head.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'

const RULES = `
:root.paper { --page: #ffffff; --surface: #ffffff; --text: #000000; --muted: #444444; --line: #bbbbbb; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 1.5rem 1rem 3rem; background: var(--page); color: var(--text);
  font-size: 1rem; line-height: 1.5; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 0 0 .25rem; }
p { margin: 0 0 1rem; color: var(--muted); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
dl div, section { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: .85rem 1rem; }
dt { color: var(--muted); font-size: .875rem; }
dd { margin: 0; font-size: 1.5rem; font-weight: 600; line-height: 1.25; }
dd small { display: block; font-size: .8125rem; font-weight: 400; color: var(--muted); }
section { margin: 0 0 1.25rem; }
.conclusion { border-left: .35rem solid var(--accent); margin: 1.25rem 0; }
.conclusion p { color: var(--text); margin: 0 0 .5rem; }
.conclusion .headline { font-size: 1.25rem; font-weight: 600; line-height: 1.4; }
.conclusion ul { margin: 0; padding-left: 1.25rem; }
.conclusion .limits { margin-top: .5rem; color: var(--muted); font-size: .875rem; }
header { margin: 0 0 1.25rem; }
header p:last-child { margin: 0; }
.statement p { color: var(--text); font-size: 1.1rem; }
.statement td { overflow-wrap: anywhere; width: 100%; }
main li { margin: .15rem 0; }
.chart { position: relative; height: 18rem; margin: .5rem 0 .75rem; }
.wide { overflow-x: auto; }
.wide:focus-visible, summary:focus-visible { outline: 3px solid var(--second); outline-offset: 2px; }
summary { cursor: pointer; color: var(--muted); padding: .25rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; overflow-wrap: normal; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; color: var(--muted); font-weight: 500; }
tbody th { font-weight: 500; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.long, tbody th.long { min-width: 12rem; overflow-wrap: anywhere; white-space: normal; }
.time { white-space: nowrap; }
footer { color: var(--muted); font-size: .875rem; }
@media (max-width: 40rem) { tbody th { white-space: normal; min-width: 6rem; } td.long { min-width: 22rem; } table { font-size: .8125rem; } th, td { padding-right: .5rem; } }
@page { size: A4; margin: 14mm; }
/* Where it is narrow, a row is a block: its name, and below it each value beside its own name. */
@media screen and (max-width: 30rem) {
  .wide table, .wide tbody, .wide tr, .wide th, .wide td { display: block; }
  .wide thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .wide tr { padding: .4rem 0; border-top: 1px solid var(--line); }
  .wide tbody th[scope], .wide tbody td[data-name] { padding: .1rem 0; border: 0; text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 0; }
  .wide td { display: grid; grid-template-columns: minmax(0, 7.5rem) minmax(0, 1fr); gap: 0 .75rem; }
  .wide td::before { content: attr(data-name); color: var(--muted); } }
/* What fits on a page is never cut; a table that does not repeats its head. */
@media print { :root { font-size: 8.5pt; } body { max-width: none; padding: 0; } .wide { overflow: visible; } summary { display: none; }
  section, .wide, .chart, dl div, tr, li { break-inside: avoid; } h1, h2, section > p { break-after: avoid; }
  thead { display: table-header-group; }
  .chart { height: auto !important; } .chart canvas { width: 100% !important; height: auto !important; }
  th, td, th.time, tbody th { white-space: normal; overflow-wrap: break-word; }
  .long, tbody th.long, td.long { min-width: 0; overflow-wrap: anywhere; } }
`

let style: string | null = null

/** What stands in the style element; it is read when it is first needed. */
export function pageStyle(): string {
  style ??= readFileSync(path.join(__dirname, '..', 'console', 'pages', 'theme.css'), 'utf8') + RULES
  return style
}
