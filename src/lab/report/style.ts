/** The styles of a report: light and dark, on a screen and on paper. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fff; --ink: #16191d; --soft: #5c646e; --hair: #dde1e6; --strong: #aab1ba;
  --blue: #1f5fc4; --red: #b3332b; --wash: #f5f6f8; --bad: #8a4b00; --good: #1c6b3c; }
@media (prefers-color-scheme: dark) { :root { --page: #121417; --ink: #e4e7eb; --soft: #98a1ac; --hair: #2a2f36; --strong: #6b7683;
  --blue: #6ea8ff; --red: #f0776c; --wash: #1a1d22; --bad: #e8b060; --good: #6cc48f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 32px 28px 48px; max-width: 1080px; background: var(--page); color: var(--ink);
  font: 13px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
h1 { margin: 0; font-size: 22px; font-weight: 650; letter-spacing: -0.01em; }
h2 { margin: 0; font-size: 17px; font-weight: 650; }
h3 { margin: 0 0 4px; color: var(--soft); font-size: 11px; font-weight: 650; letter-spacing: 0.04em; text-transform: uppercase; }
p { margin: 2px 0; } .soft { color: var(--soft); }
header { padding-bottom: 12px; border-bottom: 2px solid var(--ink); }
header p { color: var(--soft); } header .paper { color: var(--ink); font-weight: 600; }
section { margin-top: 26px; padding-top: 14px; border-top: 1px solid var(--strong); }
.title { display: flex; align-items: baseline; justify-content: space-between; gap: 6px 16px; flex-wrap: wrap; }
.conclusion { font-weight: 600; } .luck { color: var(--bad); } .edge { color: var(--good); }
table { width: 100%; border-collapse: collapse; } th, td { padding: 3px 10px 3px 0; border-bottom: 1px solid var(--hair); text-align: left; vertical-align: top; }
th { font-weight: 400; } thead th { border-bottom-color: var(--strong); color: var(--soft); font-size: 11.5px; }
.numbers td, .numbers thead th:not(:first-child), .pairs td { text-align: right; white-space: nowrap; }
.numbers td:last-child, .numbers th:last-child, .pairs td { padding-right: 0; }
.numbers tbody th, .pairs th { color: var(--soft); } .overview tbody th { color: var(--ink); font-weight: 600; }
.columns { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 4px 36px; }
.part { margin-top: 14px; break-inside: avoid; }
.chart { margin: 10px 0 0; break-inside: avoid; } svg { display: block; width: 100%; height: auto; }
svg path { fill: none; vector-effect: non-scaling-stroke; } svg text { fill: var(--soft); font-size: 11px; }
svg .left { text-anchor: end; dominant-baseline: middle; } .grid { stroke: var(--hair); stroke-width: 1; }
svg .equity { stroke: var(--blue); stroke-width: 1.5; stroke-linejoin: round; } svg .held { stroke: var(--strong); stroke-width: 1.2; }
svg .capital { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 4; } svg .lost { fill: var(--red); fill-opacity: 0.22; stroke: var(--red); stroke-width: 1; }
.legend { display: flex; gap: 18px; padding-left: 78px; color: var(--soft); font-size: 11.5px; flex-wrap: wrap; }
.key::before { content: ""; display: inline-block; width: 16px; margin-right: 6px; vertical-align: middle; border-top: 2px solid var(--blue); }
.key.held::before { border-color: var(--strong); } .key.lost::before { border-color: var(--red); }
ul { margin: 0; padding-left: 16px; } .cautions { margin-top: 10px; padding: 8px 12px; list-style: none; background: var(--wash); border-left: 3px solid var(--bad); }
pre { margin: 0; padding: 10px 12px; overflow: auto; background: var(--wash); font: 12px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; white-space: pre-wrap; }
code { font: 11.5px ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
footer { margin-top: 28px; padding-top: 8px; border-top: 2px solid var(--ink); color: var(--soft); }
@media (max-width: 720px) { body { padding: 18px 14px; } .columns { grid-template-columns: minmax(0, 1fr); } .wide { overflow-x: auto; } }
@media print { :root { color-scheme: light; --page: #fff; --ink: #000; --soft: #444; --hair: #ccc; --strong: #888; --blue: #1f5fc4; --red: #b3332b; --wash: #f4f4f4; --bad: #8a4b00; --good: #1c6b3c; }
  @page { margin: 14mm; } body { max-width: none; padding: 0; font-size: 10.5px; } section.strategy { break-before: page; border-top: 0; margin-top: 0; } }
`
