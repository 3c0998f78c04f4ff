import { readFileSync } from 'node:fs'

const seal = readFileSync(new URL('../../pages/styles/seal.svg', import.meta.url), 'utf8')

export const styleSheet = `
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:#faf7f4;color:#1f1a17;font:16px/1.5 'Be Vietnam Pro','Segoe UI',Roboto,'Noto Sans',Arial,sans-serif}
main{width:min(420px,100vw - 24px);background:#fff;border:1px solid #ddd5cf;border-top:5px solid #8b1a1a;border-radius:6px;padding:26px 28px 24px;margin:24px 0;box-shadow:0 8px 28px rgba(60,20,10,.08)}
.brand{display:flex;gap:10px;align-items:center;font-weight:700;margin:0 0 14px;color:#8b1a1a}.brand svg{width:34px;height:34px}.brand small{display:block;font-weight:400;color:#5a524d;font-size:13px}
h1{font-size:22px;line-height:1.25;margin:0 0 12px}label{display:block;font-weight:600;margin:14px 0 4px}
input[type=text],input[type=password]{width:100%;font:inherit;padding:9px 10px;border:2px solid #4a433f;border-radius:3px;background:#fff;color:inherit}
input:focus,button:focus,a:focus{outline:3px solid #ffd24a;outline-offset:0;box-shadow:inset 0 0 0 2px #1f1a17}
button{font:inherit;font-weight:600;margin:20px 0 0;padding:10px 18px;border:0;border-radius:3px;background:#8b1a1a;color:#fff;cursor:pointer;width:100%}button:hover{background:#651111}
button.quiet{background:none;color:#7d1414;text-decoration:underline;font-weight:400;margin-top:8px}
.error{border-left:5px solid #b3001e;padding:8px 12px;background:#fdf0f1;margin:0 0 12px;font-weight:600}.note{background:#fdf6e0;border:1px solid #c9a227;border-radius:3px;padding:9px 12px;font-size:14px;margin:18px 0 0}
code{background:#f3ede6;padding:1px 5px;border-radius:3px;font-size:.95em}.code{display:block;text-align:center;font-size:30px;letter-spacing:.12em;padding:10px;margin:12px 0}p{margin:0 0 10px}`

export const submitScript = `const form=document.querySelector('form[data-auto]');if(form)form.submit()`

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, sign => entities[sign]!)

function page(title: string, body: string): string {
  return `<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)} – Đăng nhập thử</title><link rel="stylesheet" href="/style.css"></head><body><main><p class="brand">${seal}<span>Đăng nhập một lần<small>Nơi đăng nhập của bản chạy thử Ấn Tín</small></span></p><h1>${escapeHtml(title)}</h1>${body}</main><script src="/submit.js"></script></body></html>`
}

/** A form with the fields `username` and `password`, posted to where it is shown. */
export function signInPage(shown: { error: string | null; username: string; accounts: readonly string[]; fresh: boolean }): string {
  const error = shown.error === null ? '' : `<p class="error" role="alert">${escapeHtml(shown.error)}</p>`
  const focus = (wanted: boolean) => (wanted ? ' autofocus' : '')
  const why = shown.fresh ? '<p>Việc này cần xác thực lại: hãy nhập mật khẩu một lần nữa.</p>' : ''
  const accounts = shown.accounts.map(name => `<code>${escapeHtml(name)}</code>`).join(', ')
  return page(
    shown.fresh ? 'Xác thực lại' : 'Đăng nhập',
    `${error}${why}<form method="post"><label for="username">Tên đăng nhập</label><input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" required value="${escapeHtml(shown.username)}"${focus(shown.username === '')}>
<label for="password">Mật khẩu</label><input id="password" name="password" type="password" autocomplete="current-password" required${focus(shown.username !== '')}>
<button type="submit">Tiếp tục</button></form><p class="note">Tài khoản thử: ${accounts}. Mật khẩu in ra khi chạy <code>npm start</code> và nằm trong <code>.antin/demo.json</code>.</p>`,
  )
}

export function deviceCodePage(form: string, error: string | null): string {
  const shown = error === null ? '' : `<p class="error" role="alert">${escapeHtml(error)}</p>`
  return page(
    'Nối dòng lệnh',
    `${shown}<p>Nhập mã đang hiện ở cửa sổ dòng lệnh.</p>${form}<button type="submit" form="op.deviceInputForm">Tiếp tục</button>`,
  )
}

export function deviceConfirmPage(form: string, userCode: string): string {
  return page(
    'Nối dòng lệnh',
    `<p>Mã ở dòng lệnh có đúng là mã này không?</p><code class="code">${escapeHtml(userCode)}</code>${form}<button type="submit" form="op.deviceConfirmForm" autofocus>Đúng, cho phép</button><button type="submit" form="op.deviceConfirmForm" name="abort" value="yes" class="quiet">Không phải tôi</button>`,
  )
}

export function messagePage(title: string, text: string): string {
  return page(title, `<p>${escapeHtml(text)}</p>`)
}

export function signOutPage(form: string): string {
  return page(
    'Đang đăng xuất',
    `${form.replace('<form ', '<form data-auto ').replace('</form>', '<input type="hidden" name="logout" value="yes"></form>')}<button type="submit" form="op.logoutForm">Đăng xuất</button>`,
  )
}
