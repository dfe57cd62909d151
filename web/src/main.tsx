import 'uplot/dist/uPlot.min.css'
import './styles/tokens.css'
import './styles/page.css'
import './styles/top-bar.css'
import './styles/alerts.css'
import './styles/strip.css'
import './styles/details.css'
import './styles/watchlist.css'
import './styles/chart.css'
import './styles/tape.css'
import './styles/pipeline.css'
import './styles/log-view.css'
import './styles/help.css'
import './styles/dialog.css'
import './styles/selection.css'
import './styles/coverage.css'
import './styles/lab.css'
import './styles/lab-tables.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { keepLive } from './live.ts'
import { listenToKeys } from './ui/keyboard.ts'
import { followTheme } from './ui/theme.ts'

followTheme()
render(<App />, document.body)
listenToKeys()
keepLive()
