-- The demo catalog. Prices of a picture at the provider change: see each model's page before
-- selling.

insert into public.generation_types (
    type_key, title, description, cost_credits, user_image, is_in_unlimited
)
values
('thumbnail', 'Thumbnail', 'A 1280×720 picture, with your face if you like.', 10, 'optional', true),
(
    'thumbnail_premium', 'Premium thumbnail', 'The best lettering and likeness.', 30, 'optional',
    false
),
(
    'thumbnail_character', 'Your face in another style', 'Keeps the likeness, changes the world.',
    20, 'required', false
),
('thumbnail_draft', 'Draft', 'Fast and cheap, without a face.', 2, 'none', true)
on conflict (type_key) do nothing;

-- What a person may choose. See each model's page for what it takes.
insert into public.generation_options (
    type_key, option_key, title, value_type, minimum, maximum, choices
)
values
('thumbnail_character', 'style', 'Style', 'choice', null, null, '{Auto,Fiction,Realistic}'),
('thumbnail_character', 'seed', 'Seed', 'integer', 0, 2147483647, null),
('thumbnail_draft', 'seed', 'Seed', 'integer', 0, 2147483647, null)
on conflict (type_key, option_key) do nothing;

insert into private.generation_models (
    type_key, preference, model, input_template, user_image_field,
    user_image_is_list, option_fields,
    expected_cost_micros
)
values
(
    'thumbnail', 1, 'google/nano-banana-2',
    '{"aspect_ratio": "16:9", "resolution": "1K", "output_format": "png"}',
    'image_input', true, '{}', 67000
),
(
    'thumbnail', 2, 'black-forest-labs/flux-kontext-pro',
    '{"aspect_ratio": "16:9", "output_format": "png", "safety_tolerance": 2}',
    'input_image', false, '{}', 40000
),
(
    'thumbnail_premium', 1, 'google/nano-banana-pro',
    '{"aspect_ratio": "16:9", "resolution": "2K", "output_format": "png"}',
    'image_input', true, '{}', 150000
),
(
    'thumbnail_premium', 2, 'black-forest-labs/flux-2-pro',
    '{"aspect_ratio": "16:9", "resolution": "2 MP", "output_format": "png"}',
    'input_images', true, '{}', 75000
),
(
    'thumbnail_character', 1, 'ideogram-ai/ideogram-character',
    '{"aspect_ratio": "16:9", "rendering_speed": "Default"}',
    'character_reference_image', false, '{"style": "style_type", "seed": "seed"}', 150000
),
(
    'thumbnail_draft', 1, 'black-forest-labs/flux-schnell',
    '{"aspect_ratio": "16:9", "output_format": "png"}',
    null, false, '{"seed": "seed"}', 3000
)
on conflict (type_key, preference) do nothing;

insert into public.plans (
    plan_name, title, description, credits_per_month, price_amount, billing_interval, rollover,
    rollover_cap
)
values
(
    'monthly_25images', '25 images a month', '250 credits each month.', 250, 1900, 'month',
    'none', null
),
(
    'monthly_100images', '100 images a month',
    '1,000 credits each month; up to 500 unused ones are carried over.', 1000, 5900, 'month',
    'capped', 500
),
(
    'yearly_25images', '25 images a month, paid by the year', '250 credits each month.', 250, 19000,
    'year', 'none', null
)
on conflict (plan_name) do nothing;

insert into public.plans (
    plan_name, title, description, price_amount, is_unlimited, fair_use_per_day,
    fair_use_per_month
)
values
(
    'monthly_unlimited', 'Unlimited',
    'Standard and draft thumbnails without credits: up to 40 in 24 hours and 500 in 30 days.',
    9900, true, 40, 500
)
on conflict (plan_name) do nothing;

insert into public.credit_packs (
    pack_key, title, description, credits, price_amount, max_quantity
)
values
('starter', '100 credits', 'Ten thumbnails. They never expire.', 100, 900, 10),
('creator', '500 credits', 'Fifty thumbnails. They never expire.', 500, 3900, 10)
on conflict (pack_key) do nothing;

-- Where Stripe's pages lead back to: the local stack has no website, so this shows what would be
-- called.
update private.settings
set checkout_success_url = 'http://127.0.0.1:3000/thanks?session={CHECKOUT_SESSION_ID}'
where id and checkout_success_url is null;
