/** The style of a report's page: light and dark, narrow screens, paper. The colours differ without red and green. */
export const PAGE_STYLE = `
:root { color-scheme: light; --back: #ffffff; --surface: #f5f7f9; --text: #1b2733; --muted: #55626f; --line: #d5dce3;
  --good: #1f77b4; --second: #7fb3d9; --quiet: #b4bcc4; --bad: #c8440c; --warn: #e8a33d; }
@media screen and (prefers-color-scheme: dark) { :root { color-scheme: dark; --back: #12181e; --surface: #1b242d; --text: #e6ecf1;
  --muted: #a3b0bc; --line: #34414d; --good: #5aa9e0; --second: #2f6a99; --quiet: #75828e; --bad: #ef7b4a; --warn: #f0bf6a; } }
:root.paper { color-scheme: light; --back: #ffffff; --surface: #ffffff; --text: #000000; --muted: #444444; --line: #bbbbbb;
  --good: #1f77b4; --second: #7fb3d9; --quiet: #b4bcc4; --bad: #c8440c; --warn: #e8a33d; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 1.5rem 1rem 3rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 0 0 .25rem; }
p { margin: 0 0 1rem; color: var(--muted); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
dl div, section { background: var(--surface); border: 1px solid var(--line); border-radius: .5rem; padding: .85rem 1rem; }
dt { color: var(--muted); font-size: .875rem; }
dd { margin: 0; font-size: 1.5rem; font-weight: 600; line-height: 1.25; }
dd small { display: block; font-size: .8125rem; font-weight: 400; color: var(--muted); }
section { margin: 0 0 1.25rem; }
.conclusion { border-left: .35rem solid var(--good); margin: 1.25rem 0; }
.conclusion p { color: var(--text); font-size: 1.1rem; margin: 0 0 .5rem; }
.conclusion ul { margin: 0; padding-left: 1.25rem; }
.conclusion .limits { margin-top: .5rem; color: var(--muted); font-size: .875rem; }
header { margin: 0 0 1.25rem; }
header p:last-child { margin: 0; }
.statement p { color: var(--text); font-size: 1.1rem; }
.statement td { overflow-wrap: anywhere; width: 100%; }
main li { margin: .15rem 0; }
.chart { position: relative; height: 18rem; margin: .5rem 0 .75rem; }
.wide { overflow-x: auto; }
.wide:focus-visible, summary:focus-visible { outline: 2px solid var(--good); outline-offset: 2px; }
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
@media print { body { max-width: none; padding: 0; font-size: 11px; } .wide { overflow: visible; } summary { display: none; }
  section { break-inside: auto; } h2, section > p { break-after: avoid; } .chart, tr { break-inside: avoid; } }
`
