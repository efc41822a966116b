// How the page looks and the little that it does. Colours come from variables, so that light and
// dark differ in one place.
#pragma once

namespace aeromq::chaos {

constexpr auto kStyle = R"css(
:root { color-scheme: light dark; --paper:#fbfbfa; --ink:#1f2328; --soft:#6a727c; --line:#d9dde2;
  --card:#ffffff; --good:#1a7f43; --warn:#b35900; --bad:#c8102e; --odd:#7a3fc0; --plain:#30557a;
  --l:42%; --run:86%; --runline:68%; }
@media (prefers-color-scheme: dark) { :root { --paper:#15181c; --ink:#e6e8eb; --soft:#939ca6;
  --line:#323840; --card:#1c2127; --good:#4cc47a; --warn:#f0a04b; --bad:#ff6175; --odd:#b58cf0;
  --plain:#8fb8de; --l:66%; --run:24%; --runline:40%; } }
* { box-sizing: border-box; }
body { margin:0; padding:18px 22px 150px; background:var(--paper); color:var(--ink);
  font:14px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size:19px; margin:0 0 2px; } h2 { font-size:14px; margin:18px 0 6px; }
p { margin:0 0 8px; color:var(--soft); }
a { color:inherit; }
.verdict { font-weight:600; } .verdict.good { color:var(--good); } .verdict.bad { color:var(--bad); }
ol.violations { margin:0; padding:0; list-style:none; max-height:190px; overflow:auto; }
ol.violations li { border-left:3px solid var(--line); padding:2px 10px; margin:3px 0; }
ol.violations li.first { border-color:var(--bad);
  background:color-mix(in srgb, var(--bad) 9%, transparent); }
ol.violations b { color:var(--bad); margin-right:6px; }
.cards { display:flex; flex-wrap:wrap; gap:6px; }
.card { border:1px solid var(--line); background:var(--card); color:inherit; border-radius:6px;
  padding:3px 9px; font:12px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; cursor:pointer; }
.card i { display:inline-block; width:9px; height:9px; border-radius:50%; margin-right:6px;
  background:var(--q); }
.card.on { outline:2px solid var(--q); }
.picture { display:flex; border:1px solid var(--line); border-radius:8px; background:var(--card);
  overflow:hidden; }
.names { flex:none; border-right:1px solid var(--line); }
.scroll { overflow-x:auto; }
svg { display:block; } svg text { fill:var(--ink); font-size:12px; }
.axis { font-size:10px !important; fill:var(--soft) !important; text-anchor:middle; }
.tick { stroke:var(--line); stroke-dasharray:1 5; } .lane { stroke:var(--line); }
.soft { fill:var(--soft) !important; }
.client { --h:210; } .broker { --h:265; } .gate { --h:190; } .explainer { --h:165; }
.keeper { --h:320; } .writer { --h:45; } .reader { --h:60; } .dispatcher { --h:25; }
.kernel { --h:135; } .disk { --h:220; } .harness { --h:0; }
.run { fill:hsl(var(--h,220) 45% var(--run)); stroke:hsl(var(--h,220) 35% var(--runline)); }
.run.harness, .run.disk { fill:none; stroke:var(--line); }
.dot { fill:hsl(var(--h,220) 55% var(--l)); }
.paused { fill:var(--warn); fill-opacity:.35; }
.holder { stroke:var(--card); } .holder.none { fill:var(--line); }
.n0 { fill:hsl(205 55% 55%); } .n1 { fill:hsl(150 45% 45%); } .n2 { fill:hsl(35 70% 52%); }
.n3 { fill:hsl(285 40% 58%); } .n4 { fill:hsl(0 50% 58%); } .n5 { fill:hsl(180 40% 45%); }
.in-bar { font-size:10.5px !important; } .holder:not(.none) + .in-bar { fill:#fff; }
.r0 { --q:hsl(212 75% var(--l)); } .r1 { --q:hsl(25 80% var(--l)); }
.r2 { --q:hsl(150 65% var(--l)); } .r3 { --q:hsl(285 55% var(--l)); }
.r4 { --q:hsl(345 70% var(--l)); } .r5 { --q:hsl(180 70% var(--l)); }
.r6 { --q:hsl(50 85% var(--l)); } .r7 { --q:hsl(250 60% var(--l)); }
.r-none { --q:var(--soft); }
.arrow { fill:none; stroke:var(--q); stroke-width:1.2; stroke-opacity:.7; }
.arrow.again { stroke-dasharray:4 2; stroke-width:2.4; stroke-opacity:1; }
#head path { fill:var(--soft); }
.lost path { stroke:var(--bad); stroke-width:1.6; fill:none; stroke-dasharray:3 2; }
.lost .cross { stroke-width:2.4; stroke-dasharray:none; }
.mark { fill:var(--q); cursor:default; } .mark .label { text-anchor:middle; font-size:10px; }
.mark .open { fill:var(--card); stroke:var(--q); stroke-width:1.6; }
.mark .line { fill:none; stroke:var(--q); stroke-width:2; }
.mark.good, .mark.good .label { fill:var(--good); } .mark.warn, .mark.warn .label { fill:var(--warn); }
.mark.odd, .mark.odd .label { fill:var(--odd); } .mark.bad, .mark.bad .label { fill:var(--bad); }
.mark.soft .label { fill:var(--soft); } .mark.bad .line { stroke:var(--bad); }
.mark.good .line { stroke:var(--good); } .mark.began .line { stroke:var(--soft); stroke-width:1; }
.mark:hover > g { stroke:var(--ink); stroke-width:1.5; }
.mark:target > g { stroke:var(--bad); stroke-width:2.5; }
.heal-line { stroke:var(--good); stroke-width:1.5; stroke-dasharray:6 3; }
.violation rect { fill:var(--bad); fill-opacity:.10; stroke:var(--bad); stroke-opacity:.45; }
.violation.first rect { fill-opacity:.24; stroke-opacity:1; stroke-width:1.5; }
.violation circle { fill:var(--bad); }
.violation text { fill:var(--card); text-anchor:middle; font-size:10px; font-weight:700; }
svg.only .mark, svg.only .arrow { opacity:.12; } svg.only .on { opacity:1; }
#fields { position:fixed; left:22px; right:22px; bottom:12px; margin:0; padding:8px 12px;
  background:var(--card); border:1px solid var(--line); border-radius:8px; white-space:pre-wrap;
  font:11.5px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; max-height:125px; overflow:auto;
  overflow-wrap:anywhere; box-shadow:0 4px 18px rgb(0 0 0 / .14); }
#fields:empty { display:none; }
)css";

// Hovering shows an event's fields, a card shows one request only, a link scrolls to its event.
constexpr auto kScript = R"js(
const svg = document.querySelector('.scroll svg'), fields = document.getElementById('fields');
svg.addEventListener('mouseover', e => {
  const title = e.target.closest('.mark, .arrow, .lost, .violation')?.querySelector('title');
  if (title) fields.textContent = title.textContent.replace(/\n/g, '   ');
});
for (const card of document.querySelectorAll('.card'))
  card.addEventListener('click', () => {
    const was = card.classList.contains('on');
    document.querySelectorAll('.on').forEach(e => e.classList.remove('on'));
    svg.classList.toggle('only', !was);
    if (was) return;
    card.classList.add('on');
    svg.querySelectorAll('.' + card.dataset.q).forEach(e => e.classList.add('on'));
  });
const show = () => {
  const mark = location.hash && document.querySelector(location.hash);
  if (!mark) return;
  mark.scrollIntoView({inline: 'center', block: 'nearest'});
  fields.textContent = mark.querySelector('title').textContent.replace(/\n/g, '   ');
};
addEventListener('hashchange', show);
show();
)js";

}  // namespace aeromq::chaos
