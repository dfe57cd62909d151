import 'uplot/dist/uPlot.min.css'
import './styles/tokens.css'
import './styles/page.css'
import './styles/top-bar.css'
import './styles/alerts.css'
import './styles/route.css'
import './styles/details.css'
import './styles/watchlist.css'
import './styles/chart.css'
import './styles/tape.css'
import './styles/pipeline.css'
import './styles/lines.css'
import './styles/help.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { listenToKeys } from './keyboard.ts'
import { keepLive } from './live.ts'
import { followTheme } from './theme.ts'

followTheme()
render(<App />, document.body)
listenToKeys()
keepLive()
