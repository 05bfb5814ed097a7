#include "structure.hpp"

#include <bitset>

#include "numbers.hpp"
#include "strings.hpp"

namespace gateway {

namespace {

constexpr unsigned kIdleTexts = 64;
constexpr size_t kSmallText = 32 * 1024;
constexpr size_t kFirstCapacity = 4 * 1024;

bool well_formed_scalar(const uint8_t* at, const uint8_t* end) {
    switch (*at) {
        case 'n': return name_is(at, end, "null");
        case 't': return name_is(at, end, "true");
        case 'f': return name_is(at, end, "false");
        default: {
            Number number;
            return read_number(at, &number) && scalar_ends(number.end, end) &&
                   !(number.integer && number.significant > 4300);
        }
    }
}

bool well_formed_string(const Cursor& cursor, const uint8_t* open) {
    const uint8_t* const quote = cursor.closing_quote(open);
    return quote != nullptr &&
           well_formed_escapes(open + 1, static_cast<size_t>(quote - open - 1), cursor.end);
}

}  // namespace

void Cursor::skip_value() {
    size_t depth = 0;
    do {
        switch (*take()) {
            case '{':
            case '[': ++depth; break;
            case '}':
            case ']': --depth; break;
            default: break;
        }
    } while (depth != 0 && !at_end());
}

Structure::Indexed Structure::index(const uint8_t* text, size_t size) {
    if (size > UINT32_MAX - 64) {
        return Indexed::refused;
    }
    simdjson::error_code error = simdjson::SUCCESS;
    if (!stage_one_) {
        error = simdjson::get_active_implementation()->create_dom_parser_implementation(
            size < kFirstCapacity ? kFirstCapacity : size, 1, stage_one_);
    } else if (stage_one_->capacity() < size) {
        error = stage_one_->set_capacity(size + size / 4);
    }
    if (error) {
        stage_one_.reset();
        return Indexed::no_memory;
    }
    text_ = text;
    size_ = size;
    error = stage_one_->stage1(text, size, simdjson::stage1_mode::regular);
    return error ? Indexed::refused : Indexed::yes;
}

Cursor Structure::cursor() const {
    const uint32_t* const first = stage_one_->structural_indexes.get();
    return Cursor{text_ + size_, text_, first, first + stage_one_->n_structural_indexes};
}

bool Structure::well_formed() const {
    Cursor cursor = this->cursor();
    std::bitset<kMaxDepth> objects;  // which of the open containers are objects
    size_t depth = 0;

next_value: {
    const uint8_t* const at = cursor.take();
    switch (*at) {
        case '"':
            if (!well_formed_string(cursor, at)) {
                return false;
            }
            break;
        case '{':
            if (depth == kMaxDepth) {
                return false;
            }
            if (cursor.take_if('}')) {
                break;
            }
            objects[depth++] = true;
            goto next_key;
        case '[':
            if (depth == kMaxDepth) {
                return false;
            }
            if (cursor.take_if(']')) {
                break;
            }
            objects[depth++] = false;
            goto next_value;
        default:
            if (!well_formed_scalar(at, cursor.end)) {
                return false;
            }
    }
}

have_value:
    if (depth == 0) {
        return cursor.at_end();
    }
    if (cursor.take_if(',')) {
        if (!objects[depth - 1]) {
            goto next_value;
        }
    } else {
        if (!cursor.take_if(objects[depth - 1] ? '}' : ']')) {
            return false;
        }
        --depth;
        goto have_value;
    }

next_key: {
    const uint8_t* const at = cursor.take();
    if (*at != '"' || !well_formed_string(cursor, at) ||
        !cursor.take_if(':')) {
        return false;
    }
    goto next_value;
}
}

bool Structure::shrink_if_idle() {
    if (size_ > kSmallText) {
        idle_ = 0;
    } else if (stage_one_ && stage_one_->capacity() > kSmallText && ++idle_ == kIdleTexts) {
        idle_ = 0;
        stage_one_.reset();
        return true;
    }
    return false;
}

std::string simdjson_version() {
    return std::string("simdjson ") + SIMDJSON_VERSION + " (" +
           simdjson::get_active_implementation()->name() + ")";
}

}  // namespace gateway
