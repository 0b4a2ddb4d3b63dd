-- usage: qsh svg.lua SCREEN COLUMNS > FILE.svg
-- Draws a terminal's screen, as `tmux capture-pane -e -p` prints it.
local path, columns = arg[1], tonumber(arg[2])

local width, height, margin, bar = 8.4, 18, 16, 30
local colours = {
  [30] = "#5c6370", [31] = "#e06c75", [32] = "#98c379", [33] = "#e5c07b",
  [34] = "#61afef", [35] = "#c678dd", [36] = "#56b6c2", [37] = "#dcdfe4",
}

local function escaped(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

-- The pieces of a line that look alike: { text, colour, bold, dim }.
local function pieces(line)
  local found, style = {}, {}
  local function apply(codes)
    if codes == "" then codes = "0" end
    for code in codes:gmatch("%d+") do
      code = tonumber(code)
      if code == 0 then style = {}
      elseif code == 1 then style.bold = true
      elseif code == 2 then style.dim = true
      elseif code == 22 then style.bold, style.dim = nil, nil
      elseif code == 39 then style.colour = nil
      elseif code >= 90 and code <= 97 then style.colour = colours[code - 60]
      elseif colours[code] then style.colour = colours[code]
      end
    end
  end
  local at = 1
  while at <= #line do
    local from, to, codes = line:find("\27%[([%d;]*)m", at)
    local text = line:sub(at, (from or #line + 1) - 1)
    if text ~= "" then
      found[#found + 1] =
        { text = text, colour = style.colour, bold = style.bold, dim = style.dim }
    end
    if codes then apply(codes) end
    at = (to or #line) + 1
  end
  return found
end

local function drawn(line, y)
  local spans = {}
  for _, piece in ipairs(pieces(line)) do
    local looks = (piece.colour and (' fill="%s"'):format(piece.colour) or "")
      .. (piece.bold and ' font-weight="bold"' or "")
      .. (piece.dim and ' opacity="0.6"' or "")
    spans[#spans + 1] = ("<tspan%s>%s</tspan>"):format(looks, escaped(piece.text))
  end
  return ('<text x="%d" y="%.1f" xml:space="preserve">%s</text>')
    :format(margin, y, table.concat(spans))
end

local lines = {}
for line in io.lines(path) do lines[#lines + 1] = line end
while #lines > 0 and not lines[#lines]:find("%S") do lines[#lines] = nil end

local total_width = columns * width + 2 * margin
local total_height = #lines * height + bar + margin
print(([[<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" role="img"
  aria-label="A session of qsh in a terminal">
<rect width="100%%" height="100%%" rx="8" fill="#282c34"/>
<circle cx="18" cy="16" r="6" fill="#e06c75"/><circle cx="38" cy="16" r="6" fill="#e5c07b"/>
<circle cx="58" cy="16" r="6" fill="#98c379"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, monospace" font-size="14" fill="#dcdfe4">]])
  :format(math.ceil(total_width), math.ceil(total_height)))
for number, line in ipairs(lines) do print(drawn(line, bar + number * height)) end
print("</g>\n</svg>")
